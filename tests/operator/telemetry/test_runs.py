"""The gauges of runs, as they follow from the runs' objects and what is seen of their workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from ingestion_contract.metrics import WorkerState
from ingestion_contract.pod import Step
from ingestion_contract.status import (
    Adaptation,
    Condition,
    ConditionStatus,
    ConditionType,
    IngestionRunStatus,
    MemoryStatus,
    Videos,
)
from ingestion_operator.decision.snapshot import Snapshot
from ingestion_operator.observe.packed import PackedRun
from ingestion_operator.observe.worker_sample import WorkerSample
from ingestion_operator.telemetry.collector import RunsCollector
from ingestion_operator.telemetry.readings import SeenRun
from tests.operator.kit import (
    GIB,
    NOW,
    ago,
    make_job,
    make_raw_run,
    make_run,
    make_sample,
    make_snapshot,
    make_status,
    waiting,
)
from tests.operator.telemetry.kit import Metrics

STATES = ("progressing", "queued", "suspended", "source_blocked", "oom_at_minimum", "stalled", "complete", "failed")


def condition(kind: ConditionType, reason: str, status: ConditionStatus = ConditionStatus.TRUE) -> Condition:
    return Condition(type=kind, status=status, reason=reason, last_transition_time=NOW)


def seen(
    status: IngestionRunStatus,
    snapshot: Snapshot | None = None,
    spec: Mapping[str, Any] | None = None,
    name: str = "talks",
    version: int = 1,
) -> SeenRun:
    raw = make_raw_run(make_run(spec=spec, name=name), status.to_wire(), version)
    return SeenRun(PackedRun(raw), snapshot)


def read(*runs: SeenRun) -> Metrics:
    registry = CollectorRegistry()
    registry.register(RunsCollector(lambda: runs, lambda: NOW))
    return Metrics(registry)


def at_work(samples: Sequence[WorkerSample | None], **fields: Any) -> SeenRun:
    status = make_status(len(samples), **fields)
    return seen(status, make_snapshot(samples, status=status))


def test_videos_are_told_by_result_with_the_objective_beside() -> None:
    videos = Videos(total=200, succeeded=45, failed=15, skipped=3)
    page = read(
        seen(make_status().model_copy(update={"videos": videos}), spec={"objectives": {"minSuccessPercent": 90}})
    )
    assert page.of_run("videos_listed") == 200
    assert [page.of_run("videos", result=result) for result in ("succeeded", "failed", "skipped")] == [45, 15, 3]
    assert page.of_run("success_ratio") == 0.75
    assert page.of_run("success_objective_ratio") == 0.9


def test_there_is_no_success_ratio_before_the_first_video() -> None:
    assert read(seen(make_status())).of_run("success_ratio") is None


def test_memory_is_that_of_the_fullest_device_beside_its_target() -> None:
    samples = [make_sample(device_used=18 * GIB), make_sample(gpu="GPU-other", device_used=21 * GIB)]
    page = read(at_work(samples))
    assert page.of_run("device_memory_used_ratio") == 21 / 24
    assert page.of_run("device_memory_target_ratio") == 0.8


def test_workers_are_counted_as_wanted_running_waiting_and_silent() -> None:
    page = read(at_work([make_sample(), waiting(), None]))
    counts = {kind: page.of_run(f"workers_{kind}") for kind in ("wanted", "running", "waiting", "silent")}
    assert counts == {"wanted": 3, "running": 3, "waiting": 1, "silent": 1}


def test_a_sample_that_has_become_old_says_nothing() -> None:
    page = read(at_work([make_sample(at=ago(60))]))
    assert page.of_run("device_memory_used_ratio") is None
    assert page.of_run("workers_silent") == 1


def test_a_device_that_two_workers_share_counts_once_for_utilisation() -> None:
    samples = [
        make_sample(utilisation=0.2),
        make_sample(utilisation=0.2),
        make_sample(gpu="GPU-other", utilisation=0.8),
    ]
    page = read(at_work([*samples[:2], samples[2]]))
    assert page.of_run("gpu_utilisation_ratio") == pytest.approx(0.5)


def test_work_is_summed_over_the_workers() -> None:
    page = read(at_work([make_sample(windows_waiting=3, audio_seconds=100), make_sample(audio_seconds=20)]))
    assert page.of_run("windows_waiting") == 3
    assert page.of_run("audio_seconds") == 120


def test_out_of_memory_errors_are_told_since_the_run_began() -> None:
    status = make_status(1).model_copy(update={"memory": MemoryStatus(oom_total=3)})
    assert read(seen(status, make_snapshot([make_sample()], status=status))).of_run("oom_events") == 3


def test_the_levers_are_told_with_the_ceiling_until_it_expires() -> None:
    fields = {"budget_percent": 90, "ceiling": 3}
    page = read(at_work([make_sample()], **fields, ceiling_expires_at=ago(-60)))
    assert page.of_run("budget_ratio") == 0.9
    assert page.of_run("workers_ceiling") == 3
    assert read(at_work([make_sample()], **fields, ceiling_expires_at=ago(60))).of_run("workers_ceiling") is None


def test_each_reason_for_a_change_is_told_with_the_last_time_that_it_held() -> None:
    changes = [
        Adaptation(time=ago(seconds), lever=lever, from_=4, to=2, reason=reason, message="")
        for seconds, lever, reason in [
            (900, "parallelism", "MemoryPressure"),
            (600, "budgetPercent", "DeviceTooFull"),
            (300, "parallelism", "MemoryPressure"),
        ]
    ]
    status = make_status(1).model_copy(update={"adaptations": changes})
    page = read(seen(status, make_snapshot([make_sample()], status=status)))
    name = "last_change_timestamp_seconds"
    assert page.of_run(name, lever="parallelism", reason="MemoryPressure") == ago(300).timestamp()
    assert page.of_run(name, lever="budgetPercent", reason="DeviceTooFull") == ago(600).timestamp()


def ended(kind: ConditionType) -> IngestionRunStatus:
    return make_status().model_copy(update={"completion_time": NOW, "conditions": [condition(kind, "AnyReason")]})


def with_conditions(*conditions: Condition) -> IngestionRunStatus:
    return make_status().model_copy(update={"conditions": list(conditions)})


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (IngestionRunStatus(), "progressing"),
        (with_conditions(condition(ConditionType.READY, "Suspended", ConditionStatus.FALSE)), "suspended"),
        (with_conditions(condition(ConditionType.SOURCE_BLOCKED, "SourceBlocked")), "source_blocked"),
        (with_conditions(condition(ConditionType.STALLED, "OOMAtMinimum")), "oom_at_minimum"),
        (with_conditions(condition(ConditionType.STALLED, "InvalidSpec")), "stalled"),
        (with_conditions(condition(ConditionType.STALLED, "Ingesting", ConditionStatus.FALSE)), "progressing"),
        (ended(ConditionType.COMPLETE), "complete"),
        (ended(ConditionType.FAILED), "failed"),
    ],
)
def test_a_run_is_in_one_state(status: IngestionRunStatus, state: str) -> None:
    page = read(seen(status))
    assert {name: page.of_run("state", state=name) for name in STATES} == {
        name: 1 if name == state else None for name in STATES
    }
    assert {name: page.value("ingestion_operator_runs", state=name) for name in STATES} == {
        name: float(name == state) for name in STATES
    }


def test_a_run_whose_job_a_queue_has_not_admitted_is_queued() -> None:
    snapshot = make_snapshot(jobs=[make_job(Step.WORK, suspended=True)])
    assert read(seen(make_status(), snapshot)).of_run("state", state="queued") == 1


def test_a_run_that_has_ended_keeps_its_result_and_says_nothing_of_workers() -> None:
    snapshot = make_snapshot([make_sample(WorkerState.WORKING)])
    status = ended(ConditionType.FAILED).model_copy(update={"videos": Videos(total=4, succeeded=1, failed=3)})
    page = read(seen(status, snapshot))
    assert page.of_run("success_ratio") == 0.25
    assert page.of_run("completion_timestamp_seconds") == NOW.timestamp()
    told = page.with_label("run", "talks")
    assert not [name for name in told if "workers" in name or "memory" in name or "gpu" in name]


def test_a_run_that_is_gone_leaves_no_series() -> None:
    runs = [seen(make_status()), seen(make_status(), name="lectures")]
    registry = CollectorRegistry()
    registry.register(RunsCollector(lambda: tuple(runs), lambda: NOW))
    assert Metrics(registry).with_label("run", "lectures")
    del runs[1]
    page = Metrics(registry)
    assert not page.with_label("run", "lectures")
    assert page.with_label("run", "talks")


def test_runs_that_cannot_be_read_do_not_blind_the_rest() -> None:
    """The status may be of a newer release, and the spec one that only the API server would take."""
    unheard_of = {"conditions": [{"type": "Unheard-of"}]}
    newer = SeenRun(PackedRun(make_raw_run(make_run(name="newer"), unheard_of)))
    odd = SeenRun(PackedRun({**make_raw_run(make_run(name="odd"), {}), "spec": {"source": {}}}))
    page = read(newer, odd, seen(make_status()))
    assert page.of_run("state", "newer", state="unreadable") == 1
    assert page.of_run("state", "odd", state="progressing") == 1
    assert page.of_run("success_objective_ratio", "odd") is None
    assert page.of_run("success_objective_ratio") is not None


def test_a_run_that_has_ended_is_read_anew_when_its_object_changes() -> None:
    videos = Videos(total=10, succeeded=9, failed=1)
    status = make_status().model_copy(update={"completion_time": NOW, "videos": videos})
    runs = [seen(status)]
    registry = CollectorRegistry()
    registry.register(RunsCollector(lambda: runs, lambda: NOW))
    assert Metrics(registry).of_run("success_ratio") == 0.9
    runs[0] = seen(status.model_copy(update={"videos": Videos(total=10, succeeded=5, failed=5)}), version=2)
    assert Metrics(registry).of_run("success_ratio") == 0.5
    runs.clear()
    assert Metrics(registry).of_run("success_ratio") is None
