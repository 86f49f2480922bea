"""Additive increase, multiplicative decrease, as `AIMDLimit` of Netflix's concurrency-limits: x 0.9 down, + 1 up.

There a dropped or timed-out request is the sign to go down, and each other one the sign to go up. Here the sign is
memory that is short. Each time that memory was free for as long as the run asks before a worker is added
(`memory.recoveryAfterSeconds`), with all workers at work, stands for a request.
"""

from __future__ import annotations

from datetime import datetime

from benchmarks.control.contestants.kit import in_trouble, settled, with_parallelism
from ingestion_operator.decision.decision import Decision
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.snapshot import Snapshot

BACKOFF_RATIO = 0.9
DOWN_SECONDS = 30.0


def aimd(snapshot: Snapshot, now: datetime) -> Decision:
    """The law."""
    situation = Situation(snapshot, now)
    value, since = situation.wanted, situation.seconds_since(situation.workers.changed_at)
    if in_trouble(situation):
        value = int(value * BACKOFF_RATIO) if since >= DOWN_SECONDS else value
    elif since >= situation.memory.recovery_after_seconds and settled(situation):
        value += 1
    return with_parallelism(snapshot, now, value, "AIMD")
