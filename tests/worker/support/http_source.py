"""A small web server whose every path answers as it is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from threading import Event, Thread
from types import TracebackType
from typing import Self
from xml.sax.saxutils import escape

from ingestion_worker.source.addresses import AddressRules

LOOPBACK = AddressRules(networks=(ip_network("127.0.0.1/32"),))
"""Rules under which this server may be asked, and nothing else beside public addresses."""


@dataclass(frozen=True)
class Answer:
    """An answer.

    Attributes:
        says_bytes: the length that it claims, if that is not the body's.
        phrase: what its status line says beside the status; None is what is usual.
        headers: beside its kind and its length.
        stalls: after the body nothing comes any more, and the connection stays open.
        drips: after the body one more byte comes every so many seconds, without end; 0.0 is as fast as it goes.
    """

    body: bytes = b""
    status: int = 200
    kind: str = "text/html"
    phrase: str | None = None
    says_bytes: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    stalls: bool = False
    drips: float | None = None

    @property
    def length(self) -> int | None:
        """What Content-Length says; None where the body has no end."""
        if self.drips is not None:
            return None
        return len(self.body) if self.says_bytes is None else self.says_bytes


def page(media: str, captions: str | None = None) -> Answer:
    """A page with an audio player."""
    track = f'<track kind="captions" srclang="en" src="{captions}">' if captions else ""
    return Answer(f'<html><title>A page</title><audio><source src="{media}">{track}</audio></html>'.encode())


@dataclass
class HttpSource:
    """Answers by path, each path's answers in turn and the last one from then on; 404 for others."""

    host: str = "127.0.0.1"
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    def __enter__(self) -> Self:
        source = self
        self._over = Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer = source._answer(self.path)
                self.send_response(answer.status, answer.phrase)
                self.send_header("Content-Type", answer.kind)
                if answer.length is not None:
                    self.send_header("Content-Length", str(answer.length))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command == "GET":
                    with suppress(ConnectionError):
                        self._send(answer)

            def _send(self, answer: Answer) -> None:
                self.wfile.write(answer.body)
                if answer.stalls:
                    source._over.wait()
                while answer.drips is not None and not source._over.wait(answer.drips):
                    self.wfile.write(b"\0" if answer.drips else bytes(2**20))

            do_HEAD = do_GET  # noqa: N815 - the standard library's name

            def log_message(self, *_args: object) -> None:
                pass

        self._server = ThreadingHTTPServer((self.host, 0), Handler)
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self._server.server_port}"

    def set(self, path: str, *answers: Answer) -> str:
        """Set the answers of a path, and return its URL."""
        self.answers[path] = list(answers)
        return self.url + path

    def feed(self, urls: Sequence[str], path: str = "/feed.xml", durations: Sequence[int] | None = None) -> str:
        """Serve an RSS feed of the URLs, and return its URL."""
        items = "".join(
            f"<item><title>Video {n}</title><link>{escape(url)}</link>"
            + (f"<itunes:duration>{durations[n]}</itunes:duration>" if durations else "")
            + "</item>"
            for n, url in enumerate(urls)
        )
        space = 'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
        body = f'<?xml version="1.0"?><rss version="2.0" {space}><channel><title>F</title>{items}</channel></rss>'
        return self.set(path, Answer(body.encode(), kind="application/rss+xml"))

    def _answer(self, path: str) -> Answer:
        self.asked[path] += 1
        answers = self.answers.get(path, [Answer(status=404)])
        return answers[min(self.asked[path], len(answers)) - 1]
