"""Moments in a status that cannot be: the clock by which they were written was fast, or another's. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from ingestion_contract.status import IngestionRunStatus, SourceStatus, StatusModel, TrialStatus, WorkersStatus
from ingestion_operator.decision.ceiling import FIRST_HOLD_SECONDS
from ingestion_operator.decision.policies.source_blocked import JITTER, LONGEST_PAUSE_SECONDS
from ingestion_operator.decision.policies.trial import LONGEST_HOLD_SECONDS

_Part = TypeVar("_Part", bound=StatusModel)


def possible(status: IngestionRunStatus, now: datetime) -> IngestionRunStatus:
    """Return the status in which nothing has happened after now, and nothing lasts for longer than it was meant to.

    Else a lever that was moved by a clock two hours fast would not have settled for two hours, whatever memory does.
    """
    parts = {
        "workers": status.workers and _no_later(status.workers, _of_workers(status.workers, now)),
        "memory": _no_later(status.memory, {"last_oom_at": now, "pressed_since": now}),
        "source": _no_later(status.source, _of_source(status.source, now)),
        "trial": _no_later(status.trial, _of_trial(status.trial, now)),
        "active": _no_later(status.active, {"since": now}),
    }
    return status.model_copy(update=parts)


def _of_workers(workers: WorkersStatus, now: datetime) -> dict[str, datetime]:
    hold = timedelta(seconds=workers.ceiling_hold_seconds or FIRST_HOLD_SECONDS)
    moved = dict.fromkeys(("changed_at", "budget_changed_at", "limits_changed_at"), now)
    return {**moved, "ceiling_expires_at": now + hold}


def _of_source(source: SourceStatus, now: datetime) -> dict[str, datetime]:
    pause = timedelta(seconds=(source.pause_seconds or LONGEST_PAUSE_SECONDS) * (1 + JITTER))
    return {"changed_at": now, "blocked_until": now + pause}


def _of_trial(trial: TrialStatus, now: datetime) -> dict[str, datetime]:
    hold = timedelta(seconds=trial.hold_seconds or LONGEST_HOLD_SECONDS)
    return {"holds_until": now + hold, "source_limits_each_until": now + timedelta(seconds=LONGEST_HOLD_SECONDS)}


def _no_later(part: _Part, latest: Mapping[str, datetime]) -> _Part:
    """Return a part of the status with none of these moments later than that."""
    known = {name: getattr(part, name) for name in latest}
    late = {name: latest[name] for name, moment in known.items() if moment is not None and moment > latest[name]}
    return part.model_copy(update=late) if late else part
