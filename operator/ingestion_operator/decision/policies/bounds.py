"""The user has moved the bounds of parallelism."""

from __future__ import annotations

from ingestion_operator.decision.decision import Lever, Verdict
from ingestion_operator.decision.situation import Situation

REASON = "BoundsChanged"


def bounds(situation: Situation) -> Verdict | None:
    """Go to the nearest bound."""
    low, high = situation.bounds.min, situation.bounds.max
    value = max(low, min(high, situation.wanted))
    if value == situation.wanted:
        return None
    message = f"spec.workers.parallelism allows {low} to {high} workers"
    return Verdict(Lever.PARALLELISM, value, REASON, message)
