"""`spec.activeDeadlineSeconds`: how long a run may be active, and how long it was. Pure."""

from __future__ import annotations

from datetime import datetime

from ingestion_contract.status import ActiveTime
from ingestion_operator.clock import whole_seconds


def active_seconds(active: ActiveTime, now: datetime) -> int:
    """Return for how many seconds a run has been active."""
    running = (now - active.since).total_seconds() if active.since is not None else 0
    return active.seconds + max(0, int(running))


def count_on(active: ActiveTime, going: bool, now: datetime) -> ActiveTime:
    """Return the count as it is to be from now on: it goes while the run is active, and stands while it is not."""
    if going == (active.since is not None):
        return active
    if going:
        return active.model_copy(update={"since": whole_seconds(now)})
    return ActiveTime(seconds=active_seconds(active, now))


def seconds_left(deadline: int | None, active: ActiveTime, now: datetime) -> float | None:
    """Return how long a run may still be active; None without a deadline."""
    return None if deadline is None else max(0, deadline - active_seconds(active, now))
