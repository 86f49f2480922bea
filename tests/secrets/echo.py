"""A source and a storage that repeat what they were asked with: cookies, queries and keys, in how they fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import boto3  # type: ignore[import-untyped]
from aiohttp import web

from benchmarks.faults.proxy import Proxy, Weather
from tests.worker.support.s3 import s3_server

REFUSED = "refused"
CAPTIONS = "WEBVTT\n\n00:00.000 --> 00:02.000\n{said}\n"


class EchoingSource:
    """Serves pages that are good or fail, on a loopback port; each is named by its path, whatever its query.

    Attributes:
        shown: all that it was asked with.
    """

    def __init__(self, clip: Path, said: str) -> None:
        self._clip = clip.read_bytes()
        self._captions = CAPTIONS.format(said=said).encode()
        self._feeds: dict[str, Sequence[str]] = {}
        self._moved: dict[str, str] = {}
        self.shown: set[str] = set()

    def __enter__(self) -> Self:
        source = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                source._answer(self)

            do_HEAD = do_GET  # noqa: N815 - the standard library's name

            def log_message(self, *_args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Its address, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def feed(self, path: str, urls: Sequence[str]) -> None:
        """Let a path answer with a feed of these URLs."""
        self._feeds[path] = urls

    def moved(self, path: str, url: str) -> None:
        """Let a path lead to another URL."""
        self._moved[path] = url

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        path = urlsplit(request.path).path
        told = f"{urlsplit(request.path).query} {request.headers.get('Cookie', '')}".strip()
        self.shown.add(told)
        query = escape(urlsplit(request.path).query)
        if path in self._feeds:
            _send(request, 200, "application/rss+xml", _rss(self._feeds[path]))
        elif path in self._moved:
            _send(request, 302, "text/plain", told.encode(), location=self._moved[path])
        elif path.startswith("/captions"):
            track = f"<track kind='captions' srclang='en' src='/track.vtt?{query}'>"
            _send(request, 200, "text/html", _page(f"/none.opus?{query}", track))
        elif path.startswith("/speech"):
            _send(request, 200, "text/html", _page(f"/clip.opus?{query}"))
        elif path.startswith("/noise"):
            _send(request, 200, "text/html", _page(f"/noise.ogg?{query}") if path.endswith("html") else b"OggS" * 99)
        elif path.startswith("/track"):
            _send(request, 200, "text/vtt", self._captions)
        elif path.startswith("/clip"):
            _send(request, 200, "audio/ogg", self._clip)
        else:
            status = {"/blocked": 429, "/gone": 410, "/denied": 403}.get(path.removesuffix(".html"), 404)
            _send(request, status, "text/html", told.encode(), phrase=f"You said {told}")


@dataclass(frozen=True)
class EchoingStorage:
    """An S3 server behind two proxies, each of which answers with what it was asked with, if it refuses.

    Attributes:
        of_sources: never gives out what lies below `REFUSED`.
        of_outputs: refuses what its weather says.
        shown: all that they were asked with when they refused.
    """

    server: str
    of_sources: Proxy
    of_outputs: Proxy
    shown: set[str]

    @property
    def client(self) -> Any:
        """A client that goes past the proxies."""
        keys = {"aws_access_key_id": "tests", "aws_secret_access_key": "tests", "region_name": "us-east-1"}
        return boto3.client("s3", endpoint_url=self.server, **keys)

    def put(self, bucket: str, files: Mapping[str, Path]) -> None:
        """Make a bucket, and put files into it."""
        self.client.create_bucket(Bucket=bucket)
        for key, path in files.items():
            self.client.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())


@contextmanager
def echoing_storage() -> Iterator[EchoingStorage]:
    """Start a storage, and end it."""
    shown: set[str] = set()

    def error(request: web.Request, status: int) -> tuple[str, bytes]:
        said = " ".join([request.raw_path, *(f"{name}: {value}" for name, value in request.headers.items())])
        shown.add(said)
        body = f"<Error><Code>AccessDenied</Code><Message>{status}: {escape(said)}</Message></Error>"
        return "application/xml", body.encode()

    with s3_server() as server, Proxy(server, error=error) as of_sources, Proxy(server, error=error) as of_outputs:
        of_sources.change(Weather(statuses=(403,), methods=frozenset({"GET"}), path=f"/{REFUSED}/"))
        yield EchoingStorage(server, of_sources, of_outputs, shown)


def _page(media: str, track: str = "") -> bytes:
    return f"<html><title>A talk</title><audio><source src='{media}'>{track}</audio></html>".encode()


def _rss(urls: Sequence[str]) -> bytes:
    items = "".join(f"<item><title>Talk {n}</title><link>{escape(url)}</link></item>" for n, url in enumerate(urls))
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>F</title>{items}</channel></rss>'.encode()


def _send(
    request: BaseHTTPRequestHandler,
    status: int,
    kind: str,
    body: bytes,
    *,
    phrase: str | None = None,
    location: str | None = None,
) -> None:
    request.send_response(status, phrase)
    headers: Mapping[str, str | None] = {
        "Content-Type": kind,
        "Content-Length": str(len(body)),
        "Location": location,
        "Retry-After": phrase if status == 429 else None,
    }
    for name, value in headers.items():
        if value is not None:
            request.send_header(name, value)
    request.end_headers()
    if request.command == "GET":
        request.wfile.write(body)
