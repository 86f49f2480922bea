"""A small web server whose every path answers as it is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Self
from xml.sax.saxutils import escape


@dataclass(frozen=True)
class Answer:
    """An answer; `says_bytes` is the length that it claims, if that is not the body's."""

    body: bytes = b""
    status: int = 200
    kind: str = "text/html"
    says_bytes: int | None = None


def page(media: str, captions: str | None = None) -> Answer:
    """A page with an audio player."""
    track = f'<track kind="captions" srclang="en" src="{captions}">' if captions else ""
    return Answer(f'<html><title>A page</title><audio><source src="{media}">{track}</audio></html>'.encode())


@dataclass
class HttpSource:
    """Answers by path, each path's answers in turn and the last one from then on; 404 for others."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    def __enter__(self) -> Self:
        source = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer = source._answer(self.path)
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.kind)
                self.send_header("Content-Length", str(answer.says_bytes or len(answer.body)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(answer.body)

            do_HEAD = do_GET  # noqa: N815 - the standard library's name

            def log_message(self, *_args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

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
