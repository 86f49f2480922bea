"""The proxy in front of the API server does to requests what it is told, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from benchmarks.faults.proxy import FAIR, WRITES, Proxy, Weather

SECONDS = 10.0


class Server:
    """Keeps what is posted, and has a watch that tells what it is given."""

    def __init__(self) -> None:
        self.posted: list[str] = []
        self.news: asyncio.Queue[str] = asyncio.Queue()

    async def post(self, request: web.Request) -> web.Response:
        self.posted.append(await request.text())
        return web.json_response({"query": request.raw_path, "authorization": request.headers.get("Authorization")})

    async def watch(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(f"{await self.news.get()}\n".encode())


@pytest.fixture
async def server() -> Server:
    return Server()


@pytest.fixture
async def proxy(server: Server) -> AsyncIterator[Proxy]:
    app = web.Application()
    app.router.add_post("/things/{name}", server.post)
    app.router.add_get("/things", server.watch)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    with Proxy(f"http://127.0.0.1:{runner.addresses[0][1]}") as proxy:
        yield proxy
    await runner.cleanup()


@pytest.fixture
async def client(proxy: Proxy) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(proxy.url, trust_env=False) as client:
        yield client


async def test_what_is_not_struck_is_passed_on_as_it_is(
    server: Server, proxy: Proxy, client: aiohttp.ClientSession
) -> None:
    url = URL(f"{proxy.url}/things/a?x=1%2F2", encoded=True)
    headers = {"Authorization": "Bearer token"}
    async with client.post(url, data="new", headers=headers) as answer:
        assert await answer.json() == {"query": "/things/a?x=1%2F2", "authorization": "Bearer token"}
    assert server.posted == ["new"]


@pytest.mark.parametrize("status", [409, 422, 429, 500, 503])
async def test_it_answers_as_an_api_server_does(
    status: int, server: Server, proxy: Proxy, client: aiohttp.ClientSession
) -> None:
    proxy.change(Weather(statuses=(status,), methods=WRITES))
    async with client.post("/things/a", data="new") as answer:
        assert answer.status == status
        assert (await answer.json())["kind"] == "Status"
        assert ("Retry-After" in answer.headers) is (status == 429)
    assert server.posted == []


async def test_only_the_path_that_is_meant_is_struck(proxy: Proxy, client: aiohttp.ClientSession) -> None:
    proxy.change(Weather(statuses=(503,), path="/others/"))
    async with client.post("/things/a", data="new") as answer:
        assert answer.status == 200


async def test_a_lost_answer_is_of_a_request_that_was_done(
    server: Server, proxy: Proxy, client: aiohttp.ClientSession
) -> None:
    proxy.change(Weather(loses_answers=True))
    with pytest.raises(aiohttp.ClientError):
        await client.post("/things/a", data="new")
    assert server.posted == ["new"]


async def test_a_refused_request_is_not_done(server: Server, proxy: Proxy, client: aiohttp.ClientSession) -> None:
    proxy.change(Weather(refuses=True))
    with pytest.raises(aiohttp.ClientError):
        await client.post("/things/a", data="new")
    assert server.posted == []


async def test_a_watch_is_held_back_and_then_tells_everything(
    server: Server, proxy: Proxy, client: aiohttp.ClientSession
) -> None:
    async with client.get("/things?watch=true") as watch:
        server.news.put_nowait("first")
        assert await watch.content.readline() == b"first\n"
        proxy.change(Weather(holds_watches=True))
        server.news.put_nowait("second")
        async with client.post("/things/a", data="passes") as answer:
            assert answer.status == 200
        line = asyncio.create_task(watch.content.readline())
        done, _ = await asyncio.wait({line}, timeout=0.3)
        assert not done
        proxy.change(FAIR)
        assert await asyncio.wait_for(line, SECONDS) == b"second\n"


async def test_a_watch_is_cut_though_nothing_is_told(
    server: Server, proxy: Proxy, client: aiohttp.ClientSession
) -> None:
    async with client.get("/things?watch=true") as watch:
        server.news.put_nowait("first")
        await watch.content.readline()
        proxy.change(Weather(cuts_watches=True))
        with pytest.raises(aiohttp.ClientError):
            await asyncio.wait_for(watch.content.readline(), SECONDS)
