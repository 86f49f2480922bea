"""What `helm test` runs in the cluster, before an API server that is a stand-in."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from dev.write_chart import CHART

ALLOWED = {"/apis/ingestion.dev/v1alpha1/ingestionruns", "/apis/ingestion.dev/v1alpha1/namespaces/a/ingestionruns"}

NEW = "/apis/ingestion.dev/v1alpha1/namespaces/new/ingestionruns"


class StandIn(BaseHTTPRequestHandler):
    """An API server with one run, which may be read in all namespaces together, and in `a`; in `new` not at once."""

    asked_for_new = False

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == NEW and not StandIn.asked_for_new:
            StandIn.asked_for_new = True
            self._answer(429, {"kind": "Status", "reason": "TooManyRequests", "message": "storage is (re)initializing"})
            return
        allowed = path in {*ALLOWED, NEW}
        listing = {"metadata": {"resourceVersion": "7"}, "items": [{"metadata": {"name": "talks"}}]}
        refusal = {"kind": "Status", "reason": "Forbidden", "message": "ingestionruns is forbidden"}
        self._answer(200 if allowed else 403, listing if allowed else refusal)

    def _answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Iterator[Path]:
    with ThreadingHTTPServer(("127.0.0.1", 0), StandIn) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        path = tmp_path / "kubeconfig"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "clusters": [{"name": "here", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
            "users": [{"name": "here", "user": {}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "here"}}],
        }
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        yield path
        server.shutdown()
        thread.join()


def run(kubeconfig: Path, *namespaces: str) -> subprocess.CompletedProcess[str]:
    script = (CHART / "files" / "api_access.py").read_text(encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-c", script, *namespaces],
        env={**os.environ, "KUBECONFIG": str(kubeconfig), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_it_passes_where_every_namespace_may_be_read(kubeconfig: Path) -> None:
    done = run(kubeconfig)
    assert done.stdout == "1 ingestionruns in all namespaces can be read\n", done.stderr
    assert run(kubeconfig, "a").stdout == "1 ingestionruns in namespace a can be read\n"


def test_it_fails_with_the_namespace_and_the_words_of_the_api_server(kubeconfig: Path) -> None:
    done = run(kubeconfig, "a", "b")

    assert done.returncode == 1
    assert "ingestionruns of namespace b cannot be read: ingestionruns is forbidden" in done.stderr


def test_it_waits_for_an_api_server_that_has_just_learnt_of_runs(kubeconfig: Path) -> None:
    done = run(kubeconfig, "new")
    assert done.stdout == "1 ingestionruns in namespace new can be read\n", done.stderr
