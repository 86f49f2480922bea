"""Against real servers on loopback addresses, since what matters is what a bad one can do."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from ingestion_contract import metrics
from ingestion_operator.observe.scrape import MAX_OF_ONE_SCRAPE, MAX_PAGE_BYTES, HttpScraper
from tests.operator.kit import NOW, make_pod

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PAGE = "ingestion_limits_revision 3\n"


@asynccontextmanager
async def worker(handler: Handler) -> AsyncIterator[str]:
    """A server on the metrics port of an address of its own."""
    address = f"127.{random.randint(64, 250)}.{random.randint(1, 250)}.{random.randint(1, 250)}"
    app = web.Application()
    app.router.add_get(metrics.PATH, handler)
    app.router.add_get("/elsewhere", good)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, address, metrics.PORT).start()
    try:
        yield address
    finally:
        await runner.cleanup()


@pytest.fixture
async def scraper() -> AsyncIterator[HttpScraper]:
    scraper = HttpScraper(lambda: NOW)
    yield scraper
    await scraper.close()


async def good(_: web.Request) -> web.StreamResponse:
    return web.Response(text=PAGE)


async def huge(_: web.Request) -> web.StreamResponse:
    return web.Response(text=PAGE + "#" * MAX_PAGE_BYTES)


async def elsewhere(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/elsewhere")


async def broken(_: web.Request) -> web.StreamResponse:
    return web.Response(status=500, text=PAGE)


async def silent(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def test_a_worker_that_answers_is_read(scraper: HttpScraper) -> None:
    async with worker(good) as address:
        samples = await scraper.scrape([make_pod(ip=address)])
    assert samples["work-pod-0"].limits_revision == 3
    assert samples["work-pod-0"].at == NOW


@pytest.mark.parametrize("bad", [huge, elsewhere, broken, silent])
async def test_one_that_answers_badly_is_left_out_and_holds_nobody_up(scraper: HttpScraper, bad: Handler) -> None:
    async with worker(good) as address, worker(bad) as other:
        samples = await scraper.scrape([make_pod(0, ip=address), make_pod(1, ip=other), make_pod(2, ip="127.63.0.1")])
    assert set(samples) == {"work-pod-0"}


@pytest.mark.parametrize("ip", ["videos.example", "127.0.0.1:80/x?", ""])
async def test_what_is_no_address_is_not_asked(scraper: HttpScraper, ip: str) -> None:
    assert await scraper.scrape([make_pod(ip=ip)]) == {}


async def test_workers_that_hang_silence_no_others(scraper: HttpScraper) -> None:
    """Neither of another run, nor those of the same run whose turn comes later."""
    async with worker(silent) as hanging, worker(good) as address:
        hang = [make_pod(number, ip=hanging) for number in range(MAX_OF_ONE_SCRAPE)]
        same = asyncio.create_task(scraper.scrape([*hang, make_pod(MAX_OF_ONE_SCRAPE, ip=address)]))
        await asyncio.sleep(0)
        assert set(await scraper.scrape([make_pod(ip=address)])) == {"work-pod-0"}
        assert set(await same) == {f"work-pod-{MAX_OF_ONE_SCRAPE}"}
