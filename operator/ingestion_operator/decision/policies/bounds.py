"""Parallelism is not within its bounds: the user has moved them."""

from __future__ import annotations

from ingestion_operator.decision.decision import Lever, Verdict
from ingestion_operator.decision.situation import Situation

REASON = "BoundsChanged"
_FIELD = "spec.workers.parallelism allows"
_FIELDS = "spec.workers.parallelism and spec.source.videosPerHour allow"


def bounds(situation: Situation) -> Verdict | None:
    """Go to the nearest bound."""
    low, high = situation.bounds.min, situation.bounds.max
    value = max(low, min(high, situation.wanted))
    if value == situation.wanted:
        return None
    capped = high < situation.snapshot.run.spec.workers.parallelism.max
    message = f"{_FIELDS if capped else _FIELD} {low} to {high} workers"
    return Verdict(Lever.PARALLELISM, value, REASON, message)
