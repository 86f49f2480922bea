"""What there is to say of one run now: from its object, and from what was last seen of its workers. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from ingestion_contract.metrics import Result
from ingestion_contract.spec import parse_run
from ingestion_contract.status import ConditionStatus, ConditionType, IngestionRunStatus, Videos
from ingestion_operator.decision.policies.minimum import REASON as OOM_AT_MINIMUM
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.snapshot import Snapshot
from ingestion_operator.observe.packed import PackedRun
from ingestion_operator.status.conditions import find_condition, holds
from ingestion_operator.status.report import SUSPENDED
from ingestion_operator.telemetry import names
from ingestion_operator.telemetry.names import MetricName, RunState


@dataclass(frozen=True)
class SeenRun:
    """A run as the API server showed it last, and the latest snapshot of its workers while it is being driven."""

    run: PackedRun
    snapshot: Snapshot | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The value of a metric of a run; `labels` are the values of its labels after namespace and run."""

    metric: MetricName
    value: float
    labels: tuple[str, ...] = ()


def readings(seen: SeenRun, now: datetime) -> Iterator[Reading]:
    """Yield what there is to say of a run, its state first."""
    raw = seen.run.unpack()
    try:
        status = IngestionRunStatus.from_wire(raw.get("status") or {})
    except ValidationError:
        yield Reading(names.RUN_STATE, 1, (RunState.UNREADABLE,))
        return
    yield Reading(names.RUN_STATE, 1, (_state(status, seen.snapshot),))
    if status.completion_time is not None:
        yield Reading(names.RUN_COMPLETION, status.completion_time.timestamp())
    if status.video_list is not None:
        yield from _videos(status.videos)
    yield from _goals(raw, ended=status.completion_time is not None)
    if seen.snapshot is not None and status.completion_time is None:
        yield from _levers(status, now)
        yield from _workers(Situation(seen.snapshot, now))


def _state(status: IngestionRunStatus, snapshot: Snapshot | None) -> RunState:
    if status.completion_time is not None:
        return RunState.COMPLETE if holds(status.conditions, ConditionType.COMPLETE) else RunState.FAILED
    stalled = find_condition(status.conditions, ConditionType.STALLED)
    if stalled is not None and stalled.status is ConditionStatus.TRUE:
        return RunState.OOM_AT_MINIMUM if stalled.reason == OOM_AT_MINIMUM else RunState.STALLED
    ready = find_condition(status.conditions, ConditionType.READY)
    if ready is not None and ready.reason == SUSPENDED:
        return RunState.SUSPENDED
    if holds(status.conditions, ConditionType.SOURCE_BLOCKED):
        return RunState.SOURCE_BLOCKED
    return RunState.QUEUED if snapshot is not None and _queued(snapshot) else RunState.PROGRESSING


def _queued(snapshot: Snapshot) -> bool:
    return not snapshot.run.spec.suspend and any(job.suspended and not job.over for job in snapshot.jobs.values())


def _videos(videos: Videos) -> Iterator[Reading]:
    yield Reading(names.RUN_VIDEOS_LISTED, videos.total)
    yield Reading(names.RUN_VIDEOS, videos.succeeded, (Result.SUCCEEDED,))
    yield Reading(names.RUN_VIDEOS, videos.failed, (Result.FAILED,))
    yield Reading(names.RUN_VIDEOS, videos.skipped, (Result.SKIPPED,))
    if readable := videos.succeeded + videos.failed:
        yield Reading(names.RUN_SUCCESS, videos.succeeded / readable)


def _goals(raw: Mapping[str, Any], *, ended: bool) -> Iterator[Reading]:
    """Yield what the run is to keep to; nothing for a spec that cannot be used, of which the state tells."""
    try:
        spec = parse_run(raw).spec
    except ValueError:
        return
    yield Reading(names.RUN_SUCCESS_OBJECTIVE, spec.objectives.min_success_percent / 100)
    if not ended:
        yield Reading(names.RUN_MEMORY_TARGET, spec.memory.target_percent / 100)


def _levers(status: IngestionRunStatus, now: datetime) -> Iterator[Reading]:
    yield Reading(names.RUN_OOM_EVENTS, status.memory.oom_total)
    if (workers := status.workers) is None:
        return
    yield Reading(names.RUN_WORKERS_WANTED, workers.parallelism)
    yield Reading(names.RUN_BUDGET, workers.budget_percent / 100)
    if workers.ceiling is not None and workers.ceiling_expires_at is not None and workers.ceiling_expires_at > now:
        yield Reading(names.RUN_WORKERS_CEILING, workers.ceiling)
    last = {(change.lever, change.reason): change.time for change in status.adaptations}
    for labels, time in last.items():
        yield Reading(names.RUN_LAST_CHANGE, time.timestamp(), labels)


def _workers(situation: Situation) -> Iterator[Reading]:
    samples = situation.fresh.values()
    yield Reading(names.RUN_WORKERS_RUNNING, sum(pod.running for pod in situation.staying))
    yield Reading(names.RUN_WORKERS_WAITING, situation.waiting)
    yield Reading(names.RUN_WORKERS_SILENT, len(situation.silent))
    yield Reading(names.RUN_AUDIO, sum(sample.audio_seconds for sample in samples))
    yield Reading(names.RUN_WINDOWS_WAITING, sum(sample.windows_waiting or 0 for sample in samples))
    used = [
        sample.device_used / sample.device_total for sample in samples if sample.device_used and sample.device_total
    ]
    if used:
        yield Reading(names.RUN_MEMORY_USED, max(used))
    busy = {sample.gpu_uuid: sample.utilisation for sample in samples if sample.utilisation is not None}
    if busy:
        yield Reading(names.RUN_GPU_UTILISATION, sum(busy.values()) / len(busy))
