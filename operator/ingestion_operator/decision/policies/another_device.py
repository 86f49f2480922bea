"""A single worker cannot show whether the next one would get a device of its own: one more is tried."""

from __future__ import annotations

from ingestion_operator.decision.calm import calm
from ingestion_operator.decision.decision import Verdict
from ingestion_operator.decision.policies.trial import begin, may_try, outcome_holds
from ingestion_operator.decision.situation import Situation

REASON = "AnotherDevice"
LEAST_PERCENT = 110
"""Of the rate before, what two workers must reach. On two devices they are about twice as fast."""


def another_device(situation: Situation) -> Verdict | None:
    """Try a second worker, unless one has run out of memory beside another before: then they share the device."""
    shared = situation.workers.ceiling is not None
    possible = min(situation.bounds.max, situation.remaining) >= 2
    if situation.wanted != 1 or shared or not possible or outcome_holds(situation):
        return None
    if not calm(situation) or not may_try(situation):
        return None
    message = "one worker keeps its device busy; whether a second one gets a device of its own is tried"
    return begin(situation, 2, LEAST_PERCENT, REASON, message)
