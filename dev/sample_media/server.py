"""A small local HTTP server of the sample: `/feed.xml`, a page per video, its media and its captions."""

import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from dev.sample_media.pages import captions, feed, page
from dev.sample_media.sentences import DEFAULT_VIDEOS, SampleVideo, Unavailable, sample_videos
from dev.sample_media.synthesise import Clip, synthesise

_CORRUPT = b"no audio in here\n" * 500


class _Answer(NamedTuple):
    status: HTTPStatus
    content_type: str
    body: bytes


_GONE = _Answer(HTTPStatus.GONE, "text/plain", b"This video has been removed.\n")
_NOT_FOUND = _Answer(HTTPStatus.NOT_FOUND, "text/plain", b"There is nothing here.\n")


class SampleServer:
    """Serves the first `videos` of the sample on a loopback port while it is used as a context.

    Clips that are not in the cache yet are made first, which takes some seconds.
    """

    def __init__(self, videos: int = DEFAULT_VIDEOS, port: int = 0, cache: Path | None = None) -> None:
        sample = sample_videos(videos)
        clips = synthesise(sample, cache)
        self._http = _Http(("127.0.0.1", port), _Handler)
        self._http.answers = _answers(self.url, sample, clips)
        self._thread = Thread(target=self._http.serve_forever, name="sample-media", daemon=True)

    @property
    def url(self) -> str:
        """The server's address, without a slash at its end."""
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def feed_url(self) -> str:
        """What a run's `source.urls` names."""
        return f"{self.url}/feed.xml"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    answers: dict[str, _Answer]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over a client that went away, as one that is killed does; anything else is told."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, with_body: bool) -> None:
        answer = self.server.answers.get(urlsplit(self.path).path, _NOT_FOUND)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if with_body:
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: a line per request would drown what a person watches."""


def _answers(url: str, sample: tuple[SampleVideo, ...], clips: dict[str, Clip]) -> dict[str, _Answer]:
    """Every path that is served. The whole sample is a few MB."""
    answers = {"/feed.xml": _text("application/rss+xml", feed(url, sample, clips))}
    for video in sample:
        clip = clips[video.id]
        removed, corrupt = (video.unavailable is kind for kind in (Unavailable.GONE, Unavailable.CORRUPT))
        answers[f"/watch/{video.id}.html"] = _GONE if removed else _text("text/html", page(video))
        answers[f"/media/{video.id}.opus"] = _Answer(
            HTTPStatus.OK, "audio/ogg", _CORRUPT if corrupt else clip.path.read_bytes()
        )
        if video.has_captions:
            answers[f"/captions/{video.id}.vtt"] = _text("text/vtt", captions(video, clip.duration_s))
    return answers


def _text(content_type: str, body: str) -> _Answer:
    return _Answer(HTTPStatus.OK, f"{content_type}; charset=utf-8", body.encode())
