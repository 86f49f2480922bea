"""A proxy in front of an HTTP server, through which one client's requests go wrong as it is told.

Proxies that are kept well (toxiproxy, say) know connections, but not that a watch is another request than a write, nor
what a Kubernetes error looks like; and no other process is needed for this one.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web
from yarl import URL

from dev.cluster.processes import free_port

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
ALL = WRITES | {"GET", "HEAD"}
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "host"})
_POLL_SECONDS = 0.05
_CHUNK_BYTES = 2**16
_START_SECONDS = 10.0
_REASONS = {409: "Conflict", 422: "Invalid", 429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable"}


@dataclass(frozen=True)
class Weather:
    """How requests fare; as it comes, well.

    Attributes:
        statuses: what is answered in place of the server, one of them by chance.
        share: of the requests that are struck, 0 to 1.
        methods: of which requests.
        path: a part of the path of which requests.
        delay_seconds: how long each request waits before it is passed on.
        loses_answers: a request that is struck is done, but its client gets no answer.
        refuses: the connection is closed before anything is done.
        holds_watches: what watches tell is held back.
        cuts_watches: watches end as soon as they begin.
    """

    statuses: tuple[int, ...] = ()
    share: float = 1.0
    methods: frozenset[str] = ALL
    path: str = ""
    delay_seconds: float = 0.0
    loses_answers: bool = False
    refuses: bool = False
    holds_watches: bool = False
    cuts_watches: bool = False

    def strikes(self, request: web.Request) -> bool:
        """Return whether this request goes wrong."""
        concerned = request.method in self.methods and self.path in request.path
        return concerned and random.random() < self.share


FAIR = Weather()

ErrorBody = Callable[[web.Request, int], tuple[str, bytes]]
"""Returns content type and body of an error, for a request and by its status."""


def kubernetes_error(_request: web.Request, status: int) -> tuple[str, bytes]:
    """Return an error as an API server words it."""
    reason = _REASONS.get(status, "InternalError")
    text = (
        f'{{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":"the proxy says {status}",'
        f'"reason":"{reason}","code":{status}}}'
    )
    return "application/json", text.encode()


def s3_error(_request: web.Request, status: int) -> tuple[str, bytes]:
    """Return an error as object storage words it."""
    code = {503: "SlowDown", 403: "AccessDenied"}.get(status, "InternalError")
    return "application/xml", f"<Error><Code>{code}</Code><Message>the proxy says {status}</Message></Error>".encode()


class Proxy:
    """Listens on loopback in a thread of its own, so that nothing else delays it."""

    def __init__(self, target: str, authority: Path | None = None, error: ErrorBody = kubernetes_error) -> None:
        self._weather = FAIR
        self._watches: set[asyncio.Transport] = set()
        self._target = target
        self._error = error
        self._context = ssl.create_default_context(cafile=str(authority)) if authority is not None else None
        self._port = free_port()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(_START_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(_START_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def change(self, weather: Weather) -> None:
        """Let requests fare otherwise from now on."""
        self._weather = weather
        self._loop.call_soon_threadsafe(self._cut_watches)

    def _cut_watches(self) -> None:
        if self._weather.cuts_watches or self._weather.refuses:
            for transport in tuple(self._watches):
                transport.abort()

    async def _start(self) -> None:
        # No limit on connections: watches keep theirs.
        connector = aiohttp.TCPConnector(limit=0)
        self._session = aiohttp.ClientSession(
            connector=connector, auto_decompress=False, timeout=aiohttp.ClientTimeout(total=None), trust_env=False
        )
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()

    async def _stop(self) -> None:
        assert self._runner is not None
        assert self._session is not None
        await self._session.close()
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        weather = self._weather
        await asyncio.sleep(weather.delay_seconds)
        struck = weather.strikes(request)
        watch = request.query.get("watch") in ("1", "true")
        if (struck and weather.refuses) or (watch and weather.cuts_watches):
            return _cut(request)
        if struck and weather.statuses:
            status = random.choice(weather.statuses)
            kind, body = self._error(request, status)
            headers = {"Retry-After": "1"} if status == 429 else {}
            return web.Response(status=status, body=body, content_type=kind, headers=headers)
        transport = request.transport
        if watch and transport is not None:
            self._watches.add(transport)
        try:
            return await self._forward(request, watch=watch, lose=struck and weather.loses_answers)
        except (aiohttp.ClientError, OSError):
            return _cut(request)
        finally:
            if transport is not None:
                self._watches.discard(transport)

    async def _forward(self, request: web.Request, *, watch: bool, lose: bool) -> web.StreamResponse:
        assert self._session is not None
        # Escapes are passed on as they are: S3 signs them.
        url = f"{self._target}{request.raw_path}"
        body, headers = await request.read(), _kept(request.headers)
        async with self._session.request(
            request.method, URL(url, encoded=True), data=body or None, headers=headers, ssl=self._context or True
        ) as answer:
            if lose:
                await answer.read()
                return _cut(request)
            response = web.StreamResponse(status=answer.status, headers=_kept(answer.headers))
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                while watch and self._weather.holds_watches:  # noqa: ASYNC110 - another thread changes it
                    await asyncio.sleep(_POLL_SECONDS)
                await response.write(chunk)
            return response


def _cut(request: web.Request) -> web.StreamResponse:
    """Close the connection without an answer, or in the middle of one."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=502)


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _HOP_BY_HOP}
