"""The node's process dies, and is started again."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from dev.cluster import Cluster
from tests.cluster.kit import (
    Namespace,
    container,
    end_of,
    eventually,
    indexed_job,
    is_over,
    is_running,
    pod_of,
    processes_with,
    unique_argument,
)

pytestmark = pytest.mark.long


@pytest.fixture
def restarted(cluster: Cluster) -> Iterator[Cluster]:
    """The cluster, whose node is started again with its usual options after the test."""
    yield cluster
    cluster.node.kill()
    cluster.node.start(cluster.options)


async def test_pods_of_a_crashed_node_are_a_disruption_and_their_job_goes_on(
    namespace: Namespace, restarted: Cluster
) -> None:
    mark = unique_argument()
    await namespace.create("configmaps", "work", data={"seconds": mark})
    env = [{"name": "WORK", "valueFrom": {"configMapKeyRef": {"name": "work", "key": "seconds"}}}]
    worker = container("", command=["sleep"], args=["$(WORK)"], env=env)
    await namespace.create("jobs", "job", spec=indexed_job(worker, completions=2))
    await eventually(lambda: len(processes_with(mark)) >= 2)
    await namespace.until("jobs", "job", lambda job: job["status"].get("ready") == 2)

    restarted.node.kill()

    await eventually(lambda: not processes_with(mark))
    await namespace.patch("configmaps", "work", {"data": {"seconds": "0"}})
    restarted.node.start(restarted.options)
    done = await namespace.until("jobs", "job", lambda job: bool(job["status"].get("completionTime")))
    assert done["status"]["completedIndexes"] == "0,1"
    assert done["status"].get("failed", 0) == 0


async def test_without_a_touch_a_changed_config_map_comes_after_the_nodes_delay(
    namespace: Namespace, restarted: Cluster
) -> None:
    restarted.node.kill()
    restarted.node.start(replace(restarted.options, config_refresh_seconds=0.5))
    await namespace.create("configmaps", "limits", data={"revision": "1"})
    script = "until test $(cat /limits/revision) = 2; do sleep 0.1; done"
    mounts = [{"name": "limits", "mountPath": "/limits"}]
    volumes = [{"name": "limits", "configMap": {"name": "limits"}}]
    await namespace.create("pods", "pod", spec=pod_of(container(script, volumeMounts=mounts), volumes=volumes))
    await namespace.until("pods", "pod", is_running)
    await namespace.patch("configmaps", "limits", {"data": {"revision": "2"}})
    assert end_of(await namespace.until("pods", "pod", is_over))["exitCode"] == 0
