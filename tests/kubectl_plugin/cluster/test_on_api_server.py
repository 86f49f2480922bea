"""The plugin as kubectl calls it, on a real API server."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.cluster import Cluster
from dev.cluster.kubectl import ESTABLISHED
from dev.cluster.testing import cluster_for_tests
from ingestion_contract.crd import custom_resource_definition
from kubectl_ingest.cluster import Object
from tests.kubectl_plugin.kit import ended, make_run

pytestmark = pytest.mark.long

PROGRAM = "from kubectl_ingest.cli import main; main()"
Finished = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster without the CRD."""
    with cluster_for_tests(tmp_path_factory.mktemp("plugin") / "cluster") as cluster:
        yield cluster


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the console script, of the code that is tested."""
    folder = tmp_path_factory.mktemp("plugins")
    script = folder / "kubectl-ingest"
    script.write_text(f"#!{sys.executable}\n{PROGRAM}\n")
    script.chmod(0o755)
    return folder


@pytest.fixture
def ask(cluster: Cluster, plugins: Path) -> Any:
    """Run `kubectl` with the plugin on its path."""
    environment = {
        **os.environ,
        "PATH": f"{plugins}:{os.environ['PATH']}",
        "KUBECONFIG": str(cluster.kubeconfig),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }

    def kubectl(*arguments: str, given: object = None) -> Finished:
        command = [str(cluster.kubectl), *arguments]
        text = given if isinstance(given, str) else json.dumps(given)
        return subprocess.run(command, input=text, env=environment, capture_output=True, text=True, timeout=60)

    return kubectl


def made(ask: Any, run: Object) -> None:
    """Create a run, and write its status as the operator does."""
    metadata = {"name": run["metadata"]["name"], "namespace": "default"}
    body = run | {"metadata": metadata}
    assert (created := ask("create", "-f", "-", given=body)).returncode == 0, created.stderr
    patch = json.dumps({"status": run["status"]})
    patched = ask("patch", "ir", metadata["name"], "--subresource=status", "--type=merge", "-p", patch)
    assert patched.returncode == 0, patched.stderr


def test_runs_are_shown_watched_and_retried(ask: Any) -> None:
    missing = ask("ingest", "status")
    assert missing.returncode == 1
    assert "this cluster has no ingestionruns.ingestion.dev: install the operator with its CRD" in missing.stderr

    assert ask("apply", "-f", "-", given=custom_resource_definition()).returncode == 0
    waited = ask("wait", ESTABLISHED, "crd/ingestionruns.ingestion.dev", "--timeout=20s")
    assert waited.returncode == 0, waited.stderr

    unknown = ask("ingest", "status", "talks", "-n", "default")
    assert unknown.returncode == 1
    assert '"talks" not found: `kubectl ingest status -A` lists the runs there are' in unknown.stderr

    made(ask, ended(complete=False))
    made(ask, make_run("whole"))

    table = ask("ingest", "status").stdout.splitlines()
    assert [line.split()[:2] for line in table[1:]] == [["talks", "Failed"], ["whole", "New"]]
    assert ask("ingest", "status", "talks", "--watch").returncode == 1

    printed = ask("ingest", "retry", "talks")
    assert printed.returncode == 0, printed.stderr
    assert ask("apply", "--dry-run=server", "-f", "-", given=printed.stdout).returncode == 0

    assert "talks-retry-1 created" in ask("ingest", "retry", "talks", "--apply").stdout
    copied = [json.loads(ask("get", "ir", name, "-o", "json").stdout)["spec"] for name in ("talks", "talks-retry-1")]
    assert copied[0] == copied[1]
    again = ask("ingest", "retry", "talks-retry-1")
    assert (again.returncode, "talks-retry-1 is still going" in again.stderr) == (1, True)
    assert ask("ingest", "retry", "talks", "-o", "json").stdout.count('"talks-retry-2"') == 1
