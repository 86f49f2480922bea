"""Containers that ask for nvidia.com/gpu."""

from pathlib import Path

import pytest

from tests.cluster.kit import Namespace, container, end_of, is_running, pod_of

pytestmark = pytest.mark.long

GPU = {"resources": {"limits": {"nvidia.com/gpu": "1"}}}


async def test_they_get_the_environment_and_the_mounts_of_the_gpu(namespace: Namespace, ledger: Path) -> None:
    pod = await namespace.run(container("echo $SIMULATED_GPU > $SIMULATED_GPU/$HOSTNAME", **GPU), name="asks")
    assert end_of(pod)["exitCode"] == 0
    assert (ledger / "asks").read_text() == "/dev/simulated-gpu\n"


async def test_others_do_not(namespace: Namespace) -> None:
    pod = await namespace.run(container("test -z $SIMULATED_GPU && ! test -e /dev/simulated-gpu"))
    assert end_of(pod)["exitCode"] == 0


async def test_no_more_are_scheduled_than_there_are(namespace: Namespace) -> None:
    for number in range(9):
        one = container("exec sleep 60", **GPU)
        await namespace.create("pods", f"pod-{number}", spec=pod_of(one, terminationGracePeriodSeconds=0))
    for number in range(8):
        await namespace.until("pods", f"pod-{number}", is_running)
    last = await namespace.until("pods", "pod-8", lambda pod: "Unschedulable" in str(pod["status"]))
    assert "Insufficient nvidia.com/gpu" in str(last["status"]["conditions"])
    await namespace.delete("pods", "pod-0")
    await namespace.until("pods", "pod-8", is_running)
