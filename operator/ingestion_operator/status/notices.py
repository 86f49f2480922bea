"""What is worth an event: the transitions from one status to the next. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ingestion_contract.status import Adaptation, ConditionStatus, ConditionType, IngestionRunStatus
from ingestion_operator.decision.policies import (
    bounds,
    crowded,
    eased,
    ignored_exits,
    recovery,
    source_blocked,
    starved,
    trial,
)
from ingestion_operator.status.conditions import find_condition, holds
from ingestion_operator.status.report import SUSPENDED

_GOOD_NEWS = (
    bounds.REASON,
    crowded.REASON,
    eased.REASON,
    ignored_exits.RESUMED,
    recovery.REASON,
    source_blocked.ANSWERS,
    source_blocked.PROBE,
    starved.REASON,
    trial.TAKEN_BACK,
)


TELEMETRY_SECONDS = 600
"""In which it is told once that workers are not heard, and once that they are: some answer only now and then."""


class NoticeType(StrEnum):
    """Types of Kubernetes events."""

    NORMAL = "Normal"
    WARNING = "Warning"


@dataclass(frozen=True)
class Notice:
    """An event to be.

    Attributes:
        key: tells it from others with the same reason, also after a restart.
        change: the change of a lever that it tells of, if it does.
    """

    type: NoticeType
    reason: str
    message: str
    key: str = ""
    change: Adaptation | None = None


def notices(before: IngestionRunStatus, after: IngestionRunStatus) -> list[Notice]:
    """Return what has happened between two statuses."""
    return [
        *_discovery(before, after),
        *_adaptations(before, after),
        *_suspension(before, after),
        *_stall(before, after),
        *_telemetry(before, after),
        *_end(before, after),
    ]


def as_of(status: IngestionRunStatus, moment: datetime) -> IngestionRunStatus:
    """Return the status without what has happened since, so that notices of it can be given once more.

    For an operator that has just started: the one before may have died between writing the status and posting events.
    Ready stays: since when a run is suspended cannot be told from it, so that is not told twice.
    """
    return status.model_copy(
        update={
            "adaptations": [change for change in status.adaptations if change.time < moment],
            "conditions": [
                item
                for item in status.conditions
                if item.type is ConditionType.READY or item.last_transition_time < moment
            ],
            "video_list": status.video_list if status.start_time is not None and status.start_time < moment else None,
            "completion_time": status.completion_time if not _since(status.completion_time, moment) else None,
        }
    )


def _since(time: datetime | None, moment: datetime) -> bool:
    return time is not None and time >= moment


def _discovery(before: IngestionRunStatus, after: IngestionRunStatus) -> Iterator[Notice]:
    found = after.video_list
    if found is not None and before.video_list is None:
        message = f"{found.count} videos, cut into {found.shards} shards"
        yield Notice(NoticeType.NORMAL, "DiscoveryComplete", message)


def _adaptations(before: IngestionRunStatus, after: IngestionRunStatus) -> Iterator[Notice]:
    known = set(map(_identity, before.adaptations))
    for change in after.adaptations:
        if _identity(change) not in known:
            kind = NoticeType.NORMAL if change.reason in _GOOD_NEWS else NoticeType.WARNING
            message = f"{change.lever} {change.from_} -> {change.to}: {change.message}"
            yield Notice(kind, change.reason, message, key=change.time.isoformat(), change=change)


def _identity(change: Adaptation) -> tuple[object, ...]:
    return (change.time, change.lever, change.from_, change.to)


def _suspension(before: IngestionRunStatus, after: IngestionRunStatus) -> Iterator[Notice]:
    was, now = (find_condition(status.conditions, ConditionType.READY) for status in (before, after))
    if now is None:
        return
    suspended_before = was is not None and was.reason == SUSPENDED
    key = str(after.observed_generation)
    if now.reason == SUSPENDED and not suspended_before:
        yield Notice(NoticeType.NORMAL, SUSPENDED, now.message, key=key)
    elif now.reason != SUSPENDED and suspended_before and holds(after.conditions, ConditionType.RECONCILING):
        yield Notice(NoticeType.NORMAL, "Resumed", now.message, key=key)


def _stall(before: IngestionRunStatus, after: IngestionRunStatus) -> Iterator[Notice]:
    now = find_condition(after.conditions, ConditionType.STALLED)
    if now is None or after.completion_time is not None or now.status is not ConditionStatus.TRUE:
        return
    was = find_condition(before.conditions, ConditionType.STALLED)
    if was is None or was.status is not ConditionStatus.TRUE or was.reason != now.reason:
        yield Notice(NoticeType.WARNING, now.reason, now.message, key=now.last_transition_time.isoformat())


def _telemetry(before: IngestionRunStatus, after: IngestionRunStatus) -> Iterator[Notice]:
    was, now = (find_condition(status.conditions, ConditionType.TELEMETRY_AVAILABLE) for status in (before, after))
    if now is None or was is None or was.status is now.status:
        return
    key = str(now.last_transition_time.timestamp() // TELEMETRY_SECONDS)
    if now.status is ConditionStatus.FALSE:
        yield Notice(NoticeType.WARNING, now.reason, now.message, key=key)
    elif now.status is ConditionStatus.TRUE and was.status is ConditionStatus.FALSE:
        yield Notice(NoticeType.NORMAL, now.reason, "all workers answer on their metrics port again", key=key)


def _end(before: IngestionRunStatus, after: IngestionRunStatus) -> Iterator[Notice]:
    if after.completion_time is None or before.completion_time is not None:
        return
    complete = holds(after.conditions, ConditionType.COMPLETE)
    ready = find_condition(after.conditions, ConditionType.READY)
    kind = NoticeType.NORMAL if complete else NoticeType.WARNING
    yield Notice(kind, "RunComplete" if complete else "RunFailed", ready.message if ready is not None else "")
