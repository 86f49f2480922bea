"""Halve when memory is short, and never go up: what somebody on call would script."""

from __future__ import annotations

from datetime import datetime

from benchmarks.control.contestants.kit import in_trouble, with_parallelism
from ingestion_operator.decision.decision import Decision
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.snapshot import Snapshot

PAUSE_SECONDS = 60.0
"""Between two halvings: pods go, and memory is free again."""


def halving(snapshot: Snapshot, now: datetime) -> Decision:
    """The law."""
    situation = Situation(snapshot, now)
    may = situation.seconds_since(situation.workers.changed_at) >= PAUSE_SECONDS
    value = situation.wanted // 2 if may and in_trouble(situation) else situation.wanted
    return with_parallelism(snapshot, now, value, "Halved")
