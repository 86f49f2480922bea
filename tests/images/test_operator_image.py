"""The operator's image, built from its Dockerfile and run as a pod of Pod Security level `restricted` would run it."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.cluster import Cluster
from dev.cluster.kubectl import ESTABLISHED
from dev.cluster.testing import cluster_for_tests
from dev.write_chart import CHART
from ingestion_contract.crd import custom_resource_definition
from tests.images.conftest import MARK, Built

pytestmark = pytest.mark.long

SECONDS_TO_START = 60
MEGABYTES = 350
"""Of files: what it has is 297, of which Debian with its Python is 120."""

PROBE = """
import json, os, pathlib
def writable(folder):
    try:
        (pathlib.Path(folder) / "probe").touch()
    except OSError:
        return False
    return True
capabilities = pathlib.Path("/proc/self/status").read_text().split("CapBnd:")[1].split()[0]
print(json.dumps({
    "ids": [*os.getresuid(), *os.getresgid(), *os.getgroups()],
    "capabilities": int(capabilities, 16),
    "writable": [f for f in ("/", "/etc", "/opt/ingestion", "/usr", "/var/tmp", "/tmp") if writable(f)],
}))
"""
MODULES = """
from importlib.util import find_spec
print([name for name in ("pip", "ensurepip", "setuptools", "hatchling") if find_spec(name)])
"""


def files(root: Path) -> Iterator[Path]:
    return (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())


def test_it_says_of_itself_what_it_is(operator_image: Built) -> None:
    said = operator_image.run(*operator_image.config.entrypoint, *operator_image.config.arguments)
    assert "Drives IngestionRuns" in said
    labels = operator_image.config.labels
    assert labels["org.opencontainers.image.title"] == "ingestion-operator"
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    version = "import importlib.metadata as m; print(m.version('ingestion-operator'))"
    assert labels["org.opencontainers.image.version"] == operator_image.run("python", "-c", version).strip()


def test_it_runs_without_root_and_writes_only_to_tmp(operator_image: Built) -> None:
    assert operator_image.config.user == "65532:65532", "a number, so that Kubernetes can see that it is not root"
    found = json.loads(operator_image.run("python", "-c", PROBE))
    assert found == {"ids": [65532] * 6, "capabilities": 0, "writable": ["/tmp"]}


def test_nothing_is_left_of_building_it(operator_image: Built) -> None:
    names = {path.name for path in files(operator_image.root)}
    assert not names & {"pip", "pip3", "cc", "gcc", "ld", "as", "make", "git", "curl", "wget", "pip.conf", "ca.pem"}
    assert not any((operator_image.root / "var/lib/apt/lists").iterdir())
    assert operator_image.run("python", "-c", MODULES) == "[]\n"


def test_nothing_in_it_tells_of_the_machine_that_built_it(operator_image: Built) -> None:
    assert MARK not in operator_image.described
    assert set(operator_image.config.environment) == {"PATH", "HOME", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
    assert [path for path in files(operator_image.root) if MARK.encode() in path.read_bytes()] == []


def test_it_is_small(operator_image: Built) -> None:
    assert sum(path.stat().st_size for path in files(operator_image.root)) < MEGABYTES * 1e6


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster_for_tests(tmp_path_factory.mktemp("image") / "cluster") as cluster:
        kubectl(cluster, "apply", "-f", "-", given=json.dumps(custom_resource_definition()))
        kubectl(cluster, "wait", ESTABLISHED, "crd/ingestionruns.ingestion.dev")
        # For a moment more the API server asks to come back later, which kubectl does.
        kubectl(cluster, "get", "ingestionruns", "--all-namespaces")
        yield cluster


@pytest.fixture(scope="module")
def kubeconfig(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cluster's kubeconfig, for the user of the image to read."""
    path = tmp_path_factory.mktemp("access") / "kubeconfig"
    path.write_bytes(cluster.kubeconfig.read_bytes())
    path.chmod(0o644)
    return path


def test_what_helm_test_runs_is_in_it(operator_image: Built, kubeconfig: Path) -> None:
    script = (CHART / "files" / "api_access.py").read_text(encoding="utf-8")
    said = operator_image.run(
        "python", "-c", script, read={kubeconfig: "/tmp/kubeconfig"}, KUBECONFIG="/tmp/kubeconfig"
    )
    assert said == "0 ingestionruns in all namespaces can be read\n"


def test_the_operator_in_it_serves_a_cluster(operator_image: Built, kubeconfig: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        liveness = f"http://127.0.0.1:{free.getsockname()[1]}/healthz"
    log = tmp_path / "operator.log"
    command = ("ingestion-operator", "run", "--worker-image=ingestion-worker", f"--liveness={liveness}")
    with operator_image.running(*command, read={kubeconfig: "/tmp/kubeconfig"}, log=log, KUBECONFIG="/tmp/kubeconfig"):
        limit = time.monotonic() + SECONDS_TO_START
        while not answers(liveness):
            assert time.monotonic() < limit, log.read_text()
            time.sleep(0.2)


def kubectl(cluster: Cluster, *arguments: str, given: str | None = None) -> None:
    command = [str(cluster.kubectl), "--kubeconfig", str(cluster.kubeconfig), *arguments]
    subprocess.run(command, input=given, text=True, check=True, timeout=60, stdout=subprocess.DEVNULL)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False
