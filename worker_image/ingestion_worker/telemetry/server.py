"""Serves `/metrics` and `/ready`."""

from __future__ import annotations

from collections.abc import Iterable
from socketserver import ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from ingestion_contract.metrics import PATH, READY_PATH
from ingestion_worker.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Probes and scrapes are not events."""


def serve(metrics: Metrics, address: str, port: int) -> WSGIServer:
    """Serve the metrics of a worker and its readiness in a background thread, and return the server.

    `/ready` answers 503 while the worker lacks memory or stops, else 200; the body is the worker's state.

    Raises:
        OSError: the address is not this machine's, or the port is taken.
    """
    exposition: WSGIApplication = make_wsgi_app(metrics.registry)

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == PATH:
            return exposition(environ, start_response)
        if path == READY_PATH:
            ready, state = metrics.ready, metrics.state
            return _plain(start_response, "200 OK" if ready else "503 Service Unavailable", state)
        return _plain(start_response, "404 Not Found", f"nothing here; see {PATH} and {READY_PATH}")

    server = make_server(address, port, app, server_class=_Server, handler_class=_QuietHandler)
    Thread(target=server.serve_forever, name="http", daemon=True).start()
    return server


def _plain(start_response: StartResponse, status: str, text: str) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [f"{text}\n".encode()]
