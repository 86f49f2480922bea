"""Fetching the workers' metrics, with caps on everything, since a pod may answer what it likes."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable, Mapping
from typing import Protocol

import aiohttp

from ingestion_contract import metrics
from ingestion_operator.clock import Clock
from ingestion_operator.observe.metrics_page import parse_page
from ingestion_operator.observe.pods import Pod
from ingestion_operator.observe.worker_sample import WorkerSample

MAX_PAGE_BYTES = 256 * 1024
TIMEOUT_SECONDS = 2.0
"""From a worker's turn on: one that waits because others hang is not to blame."""
MAX_CONNECTIONS = 256
MAX_OF_ONE_SCRAPE = 128
"""Connections, so that a run all of whose workers hang leaves some to the other runs."""


class Scraper(Protocol):
    """Whatever reads the metrics of workers."""

    async def scrape(self, pods: Iterable[Pod]) -> Mapping[str, WorkerSample]:
        """Return the samples by pod uid; a pod that does not answer well is left out."""
        ...


class HttpScraper:
    """Reads `http://POD:9090/metrics`, follows no redirect, and uses no proxy."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._turns = asyncio.Semaphore(MAX_CONNECTIONS)

    async def scrape(self, pods: Iterable[Pod]) -> Mapping[str, WorkerSample]:
        """Return the samples by pod uid; a pod that does not answer well is left out."""
        asked = [pod for pod in pods if pod.ip and pod.running]
        turns = asyncio.Semaphore(MAX_OF_ONE_SCRAPE)
        answers = await asyncio.gather(*(self._sample_in_turn(pod, turns) for pod in asked))
        return {pod.uid: answer for pod, answer in zip(asked, answers, strict=True) if answer is not None}

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _sample_in_turn(self, pod: Pod, turns: asyncio.Semaphore) -> WorkerSample | None:
        async with turns, self._turns:
            return await self._sample(pod)

    async def _sample(self, pod: Pod) -> WorkerSample | None:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                page = await self._page(_url(pod.ip or ""))
        except (aiohttp.ClientError, OSError, ValueError):
            return None
        return parse_page(page, self._clock()) if page is not None else None

    async def _page(self, url: str) -> str | None:
        session = self._open_session()
        async with session.get(url, allow_redirects=False) as response:
            if response.status != 200:
                return None
            content = await response.content.read(MAX_PAGE_BYTES + 1)
            while len(content) <= MAX_PAGE_BYTES and not response.content.at_eof():
                content += await response.content.read(MAX_PAGE_BYTES + 1 - len(content))
        return content.decode(errors="replace") if len(content) <= MAX_PAGE_BYTES else None

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0, force_close=True)
            self._session = aiohttp.ClientSession(
                connector=connector, trust_env=False, auto_decompress=False, headers={"Accept-Encoding": "identity"}
            )
        return self._session


def _url(ip: str) -> str:
    """Return the metrics URL of an address.

    Raises:
        ValueError: this is no IP address.
    """
    address = ipaddress.ip_address(ip)
    host = f"[{address}]" if address.version == 6 else str(address)
    return f"http://{host}:{metrics.PORT}{metrics.PATH}"
