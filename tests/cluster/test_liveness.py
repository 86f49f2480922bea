"""Startup and liveness probes: what they hold back, and whom they end."""

from typing import Any

import pytest

from tests.cluster.kit import Namespace, container, container_status, end_of, is_ready, pod_of

pytestmark = pytest.mark.long

OFTEN = {"periodSeconds": 1, "failureThreshold": 1}
STATE = {"volumeMounts": [{"name": "state", "mountPath": "/state"}]}
VOLUMES: dict[str, Any] = {"volumes": [{"name": "state", "emptyDir": {}}], "terminationGracePeriodSeconds": 0}


def exists(path: str) -> dict[str, object]:
    return {"exec": {"command": ["test", "-e", path]}}


async def test_a_container_that_lives_no_more_is_started_again_and_the_probe_is_named(namespace: Namespace) -> None:
    first_time_only = container(
        "[ -e /state/second ] && touch /state/alive; touch /state/second; exec sleep 60",
        livenessProbe=exists("/state/alive") | OFTEN | {"failureThreshold": 3},
        **STATE,
    )
    await namespace.create("pods", "pod", spec=pod_of(first_time_only, restartPolicy="Always", **VOLUMES))
    pod = await namespace.until("pods", "pod", lambda pod: "terminated" in str(pod["status"]) and is_ready(pod))
    assert container_status(pod)["restartCount"] == 1
    assert container_status(pod)["lastState"]["terminated"]["exitCode"] == 137
    told = [event["message"] for event in await namespace.list("events") if event["reason"] == "Unhealthy"]
    assert told == ["Liveness probe failed"]


async def test_a_container_that_is_not_started_again_fails_its_pod(namespace: Namespace) -> None:
    pod = await namespace.run(
        container("exec sleep 60", livenessProbe=exists("/state/never") | OFTEN, **STATE), **VOLUMES
    )
    assert pod["status"]["phase"] == "Failed"
    assert end_of(pod)["exitCode"] == 137


async def test_liveness_waits_for_the_start_and_so_does_readiness(namespace: Namespace) -> None:
    starts = container(
        "sleep 2.5; touch /state/started; exec sleep 60",
        startupProbe=exists("/state/started") | {"periodSeconds": 1, "failureThreshold": 30},
        livenessProbe=exists("/state/started") | OFTEN,
        **STATE,
    )
    await namespace.create("pods", "pod", spec=pod_of(starts, restartPolicy="Always", **VOLUMES))
    pod = await namespace.until("pods", "pod", lambda pod: "running" in str(pod["status"]))
    assert not container_status(pod)["started"]
    assert not is_ready(pod)
    pod = await namespace.until("pods", "pod", is_ready)
    assert container_status(pod)["started"]
    assert container_status(pod)["restartCount"] == 0


async def test_a_container_that_does_not_start_in_time_is_ended(namespace: Namespace) -> None:
    pod = await namespace.run(
        container("exec sleep 60", startupProbe=exists("/state/never") | OFTEN, **STATE), **VOLUMES
    )
    assert pod["status"]["phase"] == "Failed"
