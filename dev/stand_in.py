"""What stand-ins for the worker share: a pod's files, address and end. It needs nothing but Python.

A stand-in has the worker's commands, metrics, readiness, exits and summaries, but does no work. What it is to do stands
in the query of the run's first URL.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NoReturn, Protocol
from urllib.parse import parse_qs, urlsplit


class StandIn(Protocol):
    """What is asked of a stand-in that works."""

    state: str
    """As in the worker's metric of that name."""

    def page(self) -> str:
        """Return the metrics page."""


def command_line() -> tuple[str, Path]:
    """Return the step, and the folder of the output, which is made."""
    step, output = sys.argv[1], Path(urlsplit(sys.argv[3]).path)
    output.mkdir(parents=True, exist_ok=True)
    return step, output


def plan() -> dict[str, str]:
    """Return what the run's first URL asks for."""
    run = json.loads(Path("/ingestion/run/run.json").read_text())
    query = parse_qs(urlsplit(run["spec"]["source"]["urls"][0]).query)
    return {name: values[0] for name, values in query.items()}


def shard() -> int:
    """Return the index of the shard."""
    return int(os.environ["JOB_COMPLETION_INDEX"])


def limits_revision() -> int:
    """Return the revision of the limits that lie there."""
    return int(json.loads(Path("/ingestion/limits/limits.json").read_text()).get("revision", 0))


def end(code: int, summary: dict[str, Any]) -> NoReturn:
    """End with a summary."""
    Path("/dev/termination-log").write_text(json.dumps(summary))
    os._exit(code)


def serve(worker: StandIn) -> None:
    """Serve metrics and readiness from now on."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ready = self.path != "/ready" or worker.state != "waiting_for_memory"
            body = worker.page().encode() if self.path == "/metrics" else b""
            self.send_response(200 if ready else 503)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((os.environ["POD_IP"], 9090), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
