"""Metrics pages as a worker should not answer them: late, without an end, huge, or nonsense."""

from __future__ import annotations

import random
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from prometheus_client import generate_latest

from benchmarks.faults.plan import Page
from ingestion_contract.metrics import PATH, PORT
from ingestion_worker.telemetry.metrics import Metrics

_HANG_SECONDS = 30.0
_HUGE_BYTES = 10 * 2**20
_DRIP_SECONDS = 0.5
_LINE = b'ingestion_videos_total{result="succeeded",reason=""} 1\n'


def serve(metrics: Metrics, address: str, page: Page) -> None:
    """Serve readiness as the worker does, and metrics in the manner of the page, in the background.

    Raises:
        OSError: the address is not this machine's, or the port is taken.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == PATH:
                _ANSWERS[page](self, metrics)
            else:
                _answer(self, 200 if metrics.ready else 503, metrics.state.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((address, PORT), Handler)
    Thread(target=server.serve_forever, daemon=True).start()


def _answer(handler: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _good(handler: BaseHTTPRequestHandler, metrics: Metrics) -> None:
    _answer(handler, 200, generate_latest(metrics.registry))


def _hangs(handler: BaseHTTPRequestHandler, metrics: Metrics) -> None:
    time.sleep(_HANG_SECONDS)


def _drips(handler: BaseHTTPRequestHandler, metrics: Metrics) -> None:
    handler.send_response(200)
    handler.end_headers()
    for line in generate_latest(metrics.registry).splitlines(keepends=True):
        handler.wfile.write(line)
        handler.wfile.flush()
        time.sleep(_DRIP_SECONDS)


def _huge(handler: BaseHTTPRequestHandler, metrics: Metrics) -> None:
    _answer(handler, 200, _LINE * (_HUGE_BYTES // len(_LINE)))


def _garbage(handler: BaseHTTPRequestHandler, metrics: Metrics) -> None:
    lines = generate_latest(metrics.registry).splitlines(keepends=True)
    torn = b"".join(line[: random.randrange(len(line) + 1)] for line in lines)
    _answer(handler, 200, torn + random.randbytes(2000))


def _refuses(handler: BaseHTTPRequestHandler, metrics: Metrics) -> None:
    _answer(handler, 500, b"no")


_ANSWERS = {
    Page.GOOD: _good,
    Page.HANGS: _hangs,
    Page.DRIPS: _drips,
    Page.HUGE: _huge,
    Page.GARBAGE: _garbage,
    Page.REFUSES: _refuses,
}
