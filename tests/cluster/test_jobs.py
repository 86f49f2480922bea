"""Jobs of the real Job controller on this node: the seams that the operator relies on."""

import pytest

from dev.cluster.node.api import JsonObject
from tests.cluster.kit import Namespace, indexed_job, is_ready, is_running, python_container

pytestmark = pytest.mark.long

WORKER = """
    import signal, sys, time
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    while True: time.sleep(1)
"""


def index_of(pod: JsonObject) -> int:
    return int(pod["metadata"]["labels"]["batch.kubernetes.io/job-completion-index"])


async def test_an_indexed_job_runs_every_index_to_its_end(namespace: Namespace) -> None:
    done = python_container("import os; assert os.environ['JOB_COMPLETION_INDEX'] in '0123'")
    await namespace.create("jobs", "job", spec=indexed_job(done, completions=4))
    finished = await namespace.until("jobs", "job", lambda job: bool(job["status"].get("completionTime")))
    assert finished["status"]["completedIndexes"] == "0-3"


async def test_fewer_workers_remove_the_ones_that_are_not_ready_and_count_no_failure(namespace: Namespace) -> None:
    await namespace.create("configmaps", "not-ready", data={"1": "", "3": ""})
    probe = {"exec": {"command": ["bash", "-c", "test ! -e /not-ready/$JOB_COMPLETION_INDEX"]}, "periodSeconds": 1}
    mounts = [{"name": "not-ready", "mountPath": "/not-ready"}]
    worker = python_container(WORKER, readinessProbe=probe, volumeMounts=mounts)
    volumes = [{"name": "not-ready", "configMap": {"name": "not-ready"}}]
    await namespace.create("jobs", "job", spec=indexed_job(worker, completions=4, volumes=volumes))
    await namespace.until("jobs", "job", lambda job: job["status"].get("ready") == 2)
    for pod in await namespace.list("pods"):
        running = await namespace.until("pods", pod["metadata"]["name"], is_running)
        assert is_ready(running) == (index_of(running) in (0, 2))

    await namespace.patch("jobs", "job", {"spec": {"parallelism": 2}})

    fewer = await namespace.until(
        "jobs", "job", lambda job: job["status"]["active"] == 2 and not job["status"].get("terminating")
    )
    assert fewer["status"].get("failed", 0) == 0
    assert fewer["status"].get("failedIndexes", "") == ""
    assert sorted(index_of(pod) for pod in await namespace.list("pods")) == [0, 2]


async def test_an_exit_code_that_the_policy_names_fails_the_job(namespace: Namespace) -> None:
    wrong = python_container("import sys; sys.exit(64)")
    await namespace.create("jobs", "job", spec=indexed_job(wrong, completions=1))
    failed = await namespace.until("jobs", "job", lambda job: "'type': 'Failed'" in str(job["status"]))
    assert "exit code 64" in str(failed["status"]["conditions"])
