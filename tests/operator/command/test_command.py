"""The command line, as a person or a chart uses it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from socket import create_server

import pytest

PROGRAM = Path(sys.executable).with_name("ingestion-operator")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in ("KUBECONFIG", "INGESTION_WORKER_IMAGE")}
    clean |= {"COLUMNS": "120", **environment}
    return subprocess.run([PROGRAM, *arguments], env=clean, capture_output=True, text=True, timeout=60)


def test_help_says_what_there_is() -> None:
    assert "run" in run("--help").stdout
    told = run("run", "--help").stdout
    for option in (
        "--worker-image",
        "--namespace",
        "--scrape-interval-seconds",
        "--levers",
        "--metrics",
        "--log-format",
    ):
        assert option in told


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "--worker-image"),
        (["--worker-image", "x", "--levers", "wild"], "--levers"),
        (["--worker-image", "x", "--scrape-interval-seconds", "0"], "--scrape-interval-seconds"),
        (["--worker-image", "x", "--allow-network", "10.0.0.1/8"], "--allow-network"),
        (["--worker-image", "x", "--worker-fs-group", "staff"], "--worker-fs-group"),
        (["--worker-image", "x", "--metrics", "8081"], "--metrics"),
        (["--worker-image", "x", "--liveness", "8080"], "--liveness"),
        (["--worker-image", "x", "--liveness", "https://0.0.0.0:8080/healthz"], "--liveness"),
    ],
)
def test_a_wrong_option_is_named(arguments: list[str], named: str) -> None:
    ended = run("run", *arguments)
    assert ended.returncode == 2
    assert named in ended.stderr


@pytest.mark.parametrize("proxy", ["http://user:canary-7f3a@proxy:3128", "canary-7f3a@proxy:3128"])
def test_a_password_of_a_proxy_is_refused_since_every_pod_would_show_it(tmp_path: Path, proxy: str) -> None:
    ended = run("run", "--worker-image", "x", KUBECONFIG=str(tmp_path / "none"), HTTPS_PROXY=proxy, https_proxy=proxy)
    assert ended.returncode == 2
    assert "error: https_proxy names a user or a password" in ended.stderr
    assert "canary" not in ended.stdout + ended.stderr


def test_no_cluster_is_one_sentence(tmp_path: Path) -> None:
    ended = run("run", "--worker-image", "x", KUBECONFIG=str(tmp_path / "none"))
    assert ended.returncode == 1
    assert "error: no cluster to serve" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_address_for_metrics_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    cluster = {"name": "none", "cluster": {"server": "http://127.0.0.1:1"}}
    context = {"name": "none", "context": {"cluster": "none", "user": "nobody"}}
    users = [{"name": "nobody", "user": {}}]
    config = {"clusters": [cluster], "contexts": [context], "users": users, "current-context": "none"}
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(json.dumps(config), encoding="utf-8")
    with create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = run("run", "--worker-image", "x", "--metrics", f"http://{address}/metrics", KUBECONFIG=str(kubeconfig))
    assert ended.returncode == 1
    assert f"error: no metrics can be served at {address}" in ended.stderr
    assert "Traceback" not in ended.stderr
