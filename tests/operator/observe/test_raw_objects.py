import gc
import weakref
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ingestion_contract.pod import Step
from ingestion_contract.summary import ShardSummary, encode_summary
from ingestion_operator.kube import Listing
from ingestion_operator.observe.cache import Cache
from ingestion_operator.observe.jobs import count_indexes, job_from, own_job
from ingestion_operator.observe.pods import pod_from
from tests.operator.kit import RUN_UID, make_raw_run, make_run


def raw_job(**status: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": "talks-work",
            "uid": "job-1",
            "creationTimestamp": "2026-11-24T11:00:00Z",
            "resourceVersion": "7",
            "labels": {"ingestion.dev/step": "work", "ingestion.dev/run-uid": RUN_UID},
            "ownerReferences": [{"controller": True, "uid": RUN_UID}],
        },
        "spec": {"parallelism": 4, "completions": 20},
        "status": status,
    }


def raw_pod(phase: str, state: dict[str, Any], **meta: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": "talks-work-3",
            "uid": "pod-3",
            "creationTimestamp": "2026-11-24T11:00:00Z",
            "resourceVersion": "9",
            "labels": {"ingestion.dev/step": "work"},
            "annotations": {"batch.kubernetes.io/job-completion-index": "3"},
            "ownerReferences": [{"controller": True, "uid": "job-1"}],
            **meta,
        },
        "status": {"phase": phase, "containerStatuses": [{"name": "worker", "state": state}]},
    }


def condition(kind: str) -> dict[str, str]:
    return {"type": kind, "status": "True", "reason": "PodFailurePolicy", "message": "exit code 64"}


def test_a_job_is_over_when_it_is_complete_or_failed_and_not_before() -> None:
    assert not job_from(Step.WORK, raw_job(conditions=[condition("SuccessCriteriaMet")])).over
    assert not job_from(Step.WORK, raw_job(conditions=[condition("FailureTarget")])).over
    assert job_from(Step.WORK, raw_job(conditions=[condition("Complete")])).complete
    failed = job_from(Step.WORK, raw_job(conditions=[condition("FailureTarget"), condition("Failed")]))
    assert (failed.over, failed.failure) == (True, "PodFailurePolicy: exit code 64")


def test_what_remains_is_neither_done_nor_given_up() -> None:
    assert job_from(Step.WORK, raw_job(succeeded=10, failedIndexes="1,4-6")).remaining == 6
    assert count_indexes("") == 0


def test_jobs_of_others_and_those_on_their_way_out_are_passed_over() -> None:
    mine, other, leaving = raw_job(), raw_job(), raw_job()
    other["metadata"]["ownerReferences"] = [{"controller": True, "uid": "someone"}]
    leaving["metadata"]["deletionTimestamp"] = "2026-11-24T12:00:00Z"
    assert own_job(mine) == job_from(Step.WORK, mine)
    assert [own_job(raw) for raw in (other, leaving)] == [None, None]


def test_a_pod_that_ended_gives_its_exit_and_its_summary() -> None:
    summary = ShardSummary(shard=3, total=5, succeeded=5, failed=0, skipped=0)
    state = {"terminated": {"exitCode": 0, "reason": "Completed", "message": encode_summary(summary)}}
    pod = pod_from(raw_pod("Succeeded", state))
    assert pod.exit is not None
    assert (pod.index, pod.ended, pod.active, pod.exit.code, pod.exit.summary) == (3, True, False, 0, summary)


def test_a_pod_on_its_way_out_is_active_but_does_not_stay() -> None:
    pod = pod_from(raw_pod("Running", {"running": {}}, deletionTimestamp="2026-11-24T12:00:00Z"))
    assert (pod.active, pod.staying) == (True, False)


def test_a_pod_tells_its_node_and_by_when_it_must_have_ended() -> None:
    raw = raw_pod("Running", {"running": {}}, deletionTimestamp="2026-11-24T12:00:00Z")
    pod = pod_from({**raw, "spec": {"nodeName": "gpu-7"}})
    assert (pod.node, pod.must_end_by) == ("gpu-7", datetime(2026, 11, 24, 12, tzinfo=UTC))
    assert pod_from(raw_pod("Pending", {})).must_end_by is None


def test_why_a_pod_cannot_start() -> None:
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    assert pod_from(raw_pod("Pending", waiting)).trouble == "ImagePullBackOff: no such image"
    assert pod_from(raw_pod("Pending", {"waiting": {"reason": "ContainerCreating"}})).trouble is None
    no_secret = {"waiting": {"reason": "CreateContainerConfigError", "message": 'secret "s3" not found'}}
    assert pod_from(raw_pod("Pending", no_secret)).trouble == 'CreateContainerConfigError: secret "s3" not found'


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("Unschedulable", "Insufficient nvidia.com/gpu"),
        ("SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates"),
    ],
)
def test_why_a_pod_finds_no_node(reason: str, message: str) -> None:
    pending = raw_pod("Pending", {})
    condition = {"type": "PodScheduled", "status": "False", "reason": reason, "message": message}
    pending["status"]["conditions"] = [condition]
    assert pod_from(pending).trouble == f"{reason}: {message}"


def test_an_index_that_is_no_number_is_none() -> None:
    odd = raw_pod("Running", {}, annotations={"batch.kubernetes.io/job-completion-index": "x"})
    assert pod_from(odd).index is None


def test_a_watch_that_is_behind_does_not_undo_what_a_write_has_returned() -> None:
    cache = Cache()
    older, newer = raw_job(), raw_job()
    newer["metadata"]["resourceVersion"] = "10"
    assert cache.put_job(RUN_UID, newer)
    assert not cache.put_job(RUN_UID, older)
    assert cache.jobs_of(RUN_UID) == (job_from(Step.WORK, newer),)


def test_what_a_write_returns_does_not_bring_back_what_has_gone() -> None:
    cache = Cache()
    cache.put_job(RUN_UID, raw_job())
    cache.drop_job(RUN_UID, "job-1")
    cache.update_job(RUN_UID, raw_job())
    assert cache.jobs_of(RUN_UID) == ()


def test_a_listing_takes_away_what_is_not_in_it_but_nothing_that_came_after_it() -> None:
    cache = Cache()
    older, newer = raw_pod("Running", {}, uid="older"), raw_pod("Running", {}, uid="newer", resourceVersion="12")
    cache.put_pod(RUN_UID, older)
    cache.put_pod(RUN_UID, newer)
    cache.replace_pods(RUN_UID, Listing([], version=10))
    assert cache.pods_of(RUN_UID) == (pod_from(newer),)


def test_a_pod_that_went_is_kept_until_it_has_been_read() -> None:
    cache = Cache()
    cache.runs.put(make_raw_run(make_run(), {}))
    cache.put_pod(RUN_UID, raw_pod("Running", {}))
    last = raw_pod("Failed", {})
    cache.drop_pod(RUN_UID, last)
    assert cache.pods_of(RUN_UID) == ()
    assert cache.gone_pods_of(RUN_UID) == (pod_from(last, gone=True),)
    cache.forget_gone(RUN_UID, ["pod-3"])
    assert cache.gone_pods_of(RUN_UID) == ()


class Plain(dict[str, Any]):
    """Plain data that can be seen to go."""


def test_no_plain_data_of_an_object_is_held() -> None:
    cache = Cache()
    kinds: dict[Callable[[dict[str, Any]], object], dict[str, Any]] = {
        cache.runs.put: make_raw_run(make_run(), {}),
        lambda raw: cache.put_job(RUN_UID, raw): raw_job(),
        lambda raw: cache.put_pod(RUN_UID, raw): raw_pod("Running", {}),
        lambda raw: cache.drop_pod(RUN_UID, raw): raw_pod("Failed", {}, uid="gone"),
    }
    held = []
    for see, raw in kinds.items():
        parts = {key: Plain(part) if isinstance(part, dict) else part for key, part in raw.items()}
        held += [weakref.ref(part) for part in parts.values() if isinstance(part, Plain)]
        see(parts)
    del parts
    gc.collect()
    assert all((cache.runs.get(RUN_UID), cache.jobs_of(RUN_UID), cache.pods_of(RUN_UID), cache.gone_pods_of(RUN_UID)))
    assert [part() for part in held if part() is not None] == []
