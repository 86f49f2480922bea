"""What is told of a run: from what the cluster has, and the moment. Pure; also the form of `status -o json`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from ingestion_contract.base import ApiModel
from ingestion_contract.redaction import redacted
from ingestion_contract.status import Adaptation, Condition, ConditionStatus, ConditionType, MemoryStatus, Videos
from kubectl_ingest.memory_fit import workers_that_fit
from kubectl_ingest.observed_run import ObservedRun


class RunState(StrEnum):
    """In one word, how it is with a run."""

    NEW = "New"
    RUNNING = "Running"
    PAUSED = "Paused"
    SUSPENDED = "Suspended"
    STALLED = "Stalled"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


ENDED = (RunState.SUCCEEDED, RunState.FAILED)


class WorkersReport(ApiModel):
    """The worker pods that are wanted, and the bounds of that."""

    wanted: int
    min: int
    max: int
    ceiling: int | None = None
    ceiling_expires_at: datetime | None = None
    reason: str = ""


class MemoryReport(ApiModel):
    """Device memory, in percent and bytes; what was not measured is not set."""

    target_percent: int
    used_percent: int | None = None
    device_bytes: int | None = None
    floor_bytes: int | None = None
    budget_bytes: int | None = None
    device_budgets: dict[str, int] = Field({}, description="By UUID, of devices where it is another one.")
    workers_that_fit: int | None = None
    oom_total: int = 0
    last_oom_at: datetime | None = None


class ConditionReport(ApiModel):
    """A condition in words."""

    type: ConditionType
    status: ConditionStatus
    words: str
    message: str
    since: datetime


class RunReport(ApiModel):
    """A run at one moment.

    Attributes:
        elapsed_seconds: from its start to now, or to its end.
        seconds_left: at the average rate since its start; only while it goes on and has finished a video.
    """

    name: str
    namespace: str
    state: RunState
    reason: str = ""
    message: str = ""
    videos: Videos
    done: int
    percent: int | None = None
    elapsed_seconds: int | None = None
    seconds_left: int | None = None
    videos_per_hour: int | None = None
    audio_hours_per_hour: str | None = None
    workers: WorkersReport | None = None
    memory: MemoryReport
    conditions: list[ConditionReport]
    adaptations: list[Adaptation]


_WORDS = {
    (ConditionType.MEMORY_PRESSURE, ConditionStatus.TRUE): "workers are short of device memory",
    (ConditionType.MEMORY_PRESSURE, ConditionStatus.FALSE): "no worker is short of device memory",
    (ConditionType.TELEMETRY_AVAILABLE, ConditionStatus.TRUE): "the workers' metrics are read",
    (ConditionType.TELEMETRY_AVAILABLE, ConditionStatus.FALSE): "the workers' metrics are not read, so nothing goes up",
    (ConditionType.TELEMETRY_AVAILABLE, ConditionStatus.UNKNOWN): "no worker has been asked for its metrics yet",
    (ConditionType.SOURCE_BLOCKED, ConditionStatus.TRUE): "the source blocks this address, so the run is paused",
    (ConditionType.SOURCE_BLOCKED, ConditionStatus.FALSE): "the source answers",
    (ConditionType.OBJECTIVES_MET, ConditionStatus.TRUE): "the objectives are met",
    (ConditionType.OBJECTIVES_MET, ConditionStatus.FALSE): "the objectives are not met",
    (ConditionType.OBJECTIVES_MET, ConditionStatus.UNKNOWN): "too early to say whether the objectives are met",
}
"""The conditions beside those that the state says, in words."""

_OF_AN_END = (ConditionType.OBJECTIVES_MET,)
"""What is still worth telling of a run that has ended."""


def report(run: ObservedRun, now: datetime) -> RunReport:
    """Return what is told of a run at a moment."""
    status = run.status
    state = state_of(run)
    ready = run.condition(ConditionType.READY)
    done = status.videos.succeeded + status.videos.failed + status.videos.skipped
    elapsed = (status.completion_time or now) - status.start_time if status.start_time is not None else None
    seconds = max(0, int(elapsed.total_seconds())) if elapsed is not None else None
    return RunReport(
        name=run.name,
        namespace=run.namespace,
        state=state,
        reason=ready.reason if ready is not None else "",
        message=redacted(ready.message) if ready is not None else "no operator has taken it up yet",
        videos=status.videos,
        done=done,
        percent=100 * done // status.videos.total if status.videos.total else None,
        elapsed_seconds=seconds,
        seconds_left=_seconds_left(state, status.videos.total, done, seconds),
        videos_per_hour=done * 3600 // seconds if seconds and done else None,
        audio_hours_per_hour=status.throughput.audio_hours_per_hour,
        workers=_workers(run),
        memory=_memory(status.memory, run.target_percent),
        conditions=[
            _condition(condition)
            for condition in status.conditions
            if (condition.type in _OF_AN_END or state not in ENDED) and (condition.type, condition.status) in _WORDS
        ],
        adaptations=status.adaptations,
    )


def state_of(run: ObservedRun) -> RunState:
    """Return a run's state; completionTime is the only mark of an end."""
    if run.status.completion_time is not None:
        return RunState.SUCCEEDED if run.holds(ConditionType.COMPLETE) else RunState.FAILED
    if run.condition(ConditionType.READY) is None:
        return RunState.NEW
    if run.holds(ConditionType.STALLED):
        return RunState.STALLED
    if not run.holds(ConditionType.RECONCILING):
        return RunState.SUSPENDED
    return RunState.PAUSED if run.holds(ConditionType.SOURCE_BLOCKED) else RunState.RUNNING


def _seconds_left(state: RunState, total: int, done: int, elapsed: int | None) -> int | None:
    if state is not RunState.RUNNING or not done or not elapsed or done > total:
        return None
    return elapsed * (total - done) // done


def _workers(run: ObservedRun) -> WorkersReport | None:
    workers = run.status.workers
    if workers is None:
        return None
    return WorkersReport(
        wanted=workers.parallelism,
        min=run.bounds.min,
        max=run.bounds.max,
        ceiling=workers.ceiling,
        ceiling_expires_at=workers.ceiling_expires_at,
        reason=workers.reason,
    )


def _memory(memory: MemoryStatus, target_percent: int) -> MemoryReport:
    measured = bool(memory.floor_bytes and memory.device_bytes)
    return MemoryReport(
        target_percent=target_percent,
        used_percent=memory.used_percent,
        device_bytes=memory.device_bytes,
        floor_bytes=memory.floor_bytes,
        budget_bytes=memory.budget_bytes,
        device_budgets=memory.device_budgets,
        workers_that_fit=workers_that_fit(memory.device_bytes or 0, target_percent, memory.floor_bytes or 1)
        if measured
        else None,
        oom_total=memory.oom_total,
        last_oom_at=memory.last_oom_at,
    )


def _condition(condition: Condition) -> ConditionReport:
    return ConditionReport(
        type=condition.type,
        status=condition.status,
        words=_WORDS[condition.type, condition.status],
        message=redacted(condition.message),
        since=condition.last_transition_time,
    )
