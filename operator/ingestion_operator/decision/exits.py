"""Exits for want of memory that led nowhere."""

from __future__ import annotations

from datetime import datetime

from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.pod import Step
from ingestion_operator.decision.situation import Situation

MOST_IN_ROW = 5
"""So many in a row at the minimum, while no shard is completed, and no more workers are started."""


def exhausted_in_row(situation: Situation) -> int:
    """Return how many workers have ended for want of memory since the lever was moved, or a shard was completed."""
    since = _last_completion(situation)
    return sum(
        since is None or (ended.finished_at is not None and ended.finished_at > since) for ended in situation.exhausted
    )


def too_many(situation: Situation) -> bool:
    """Return whether starting more workers at the minimum is pointless; not while one works, which would be stopped."""
    if situation.one_works:
        return False
    return situation.wanted <= situation.bounds.min and exhausted_in_row(situation) >= MOST_IN_ROW


def _last_completion(situation: Situation) -> datetime | None:
    exits = (pod.exit for pod in situation.snapshot.pods_of(Step.WORK))
    done = [ended.finished_at for ended in exits if ended is not None and ended.code == ExitCode.DONE]
    return max(filter(None, done), default=None)
