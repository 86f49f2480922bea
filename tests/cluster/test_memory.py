"""Memory limits, on the resident memory of a container's whole process tree."""

import pytest

from tests.cluster.kit import Namespace, container, end_of, python_container

pytestmark = pytest.mark.long

LIMIT = {"resources": {"limits": {"memory": "64Mi"}}}


async def test_a_process_above_its_limit_is_oom_killed(namespace: Namespace) -> None:
    pod = await namespace.run(python_container("b = b'x' * 120_000_000; import time; time.sleep(60)", **LIMIT))
    assert end_of(pod)["reason"] == "OOMKilled"
    assert end_of(pod)["exitCode"] == 137
    assert pod["status"]["phase"] == "Failed"


async def test_the_memory_of_children_counts(namespace: Namespace) -> None:
    child = "python -c \"b = b'x' * 45_000_000; import time; time.sleep(60)\""
    pod = await namespace.run(container(f"{child} & {child} & wait", **LIMIT))
    assert end_of(pod)["reason"] == "OOMKilled"


async def test_a_process_that_dies_by_a_signal_of_its_own_is_not_oom_killed(namespace: Namespace) -> None:
    pod = await namespace.run(container("(kill -KILL $BASHPID); exit $?", **LIMIT))
    assert end_of(pod)["exitCode"] == 137
    assert end_of(pod)["reason"] == "Error"
