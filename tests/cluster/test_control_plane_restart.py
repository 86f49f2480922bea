"""Programs of the control plane die, and come back on what they had."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from dev.cluster import Cluster
from dev.cluster.control_plane import Program
from dev.cluster.kubectl import KubectlFailed, kubectl
from dev.cluster.testing import cluster_for_tests

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster_for_tests(tmp_path_factory.mktemp("mortal") / "cluster") as cluster:
        yield cluster


@pytest.mark.parametrize("program", Program)
def test_what_was_written_is_there_after_a_program_was_killed(mortal: Cluster, program: Program) -> None:
    name = f"before-{program}"
    kubectl(mortal, "create", "configmap", name, "--from-literal=a=1")

    mortal.control_plane.kill(program)
    mortal.check()
    if program is Program.API_SERVER:
        with pytest.raises(KubectlFailed, match="refused"):
            kubectl(mortal, "get", "configmap", name)
    mortal.control_plane.start_again(program)

    assert kubectl(mortal, "get", "configmap", name, "-o", "jsonpath={.data.a}") == "1"
    kubectl(mortal, "delete", "configmap", name)


def test_a_node_that_was_taken_for_lost_is_ready_again(mortal: Cluster) -> None:
    name = mortal.options.name
    lost = [{"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown", "message": "stopped posting status"}]
    kubectl(mortal, "patch", "node", name, "--subresource=status", "-p", json.dumps({"status": {"conditions": lost}}))

    kubectl(mortal, "wait", "--for=condition=Ready", f"node/{name}", "--timeout=60s")
