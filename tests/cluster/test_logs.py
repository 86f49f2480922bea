"""Logs, through the node's part of the kubelet API."""

import asyncio

import pytest

from dev.cluster import Cluster
from tests.cluster.kit import Namespace, container, is_running, pod_of

pytestmark = pytest.mark.long


async def kubectl_logs(cluster: Cluster, namespace: Namespace, *options: str) -> list[str]:
    process = await asyncio.create_subprocess_exec(
        cluster.kubectl,
        "logs",
        f"--namespace={namespace.name}",
        "pod",
        *options,
        env=cluster.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 20)
    return output.decode().splitlines()


async def test_logs_of_a_pod_that_is_over(cluster: Cluster, namespace: Namespace) -> None:
    await namespace.run(container("echo out; echo err >&2; echo last"))
    assert await kubectl_logs(cluster, namespace) == ["out", "err", "last"]
    assert await kubectl_logs(cluster, namespace, "--tail=1") == ["last"]
    assert (cluster.folder / "logs" / namespace.name / "pod" / "main.log").read_text() == "out\nerr\nlast\n"


async def test_logs_are_followed_to_the_end(cluster: Cluster, namespace: Namespace) -> None:
    await namespace.create("pods", "pod", spec=pod_of(container("for i in 1 2 3; do echo $i; sleep 0.5; done")))
    await namespace.until("pods", "pod", is_running)
    assert await kubectl_logs(cluster, namespace, "--follow") == ["1", "2", "3"]
