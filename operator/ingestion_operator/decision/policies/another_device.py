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
    """Try a second worker; not where two have run out of memory on the one device that was ever heard of."""
    possible = min(situation.bounds.max, situation.remaining) >= 2
    if situation.wanted != 1 or _memory_forbids(situation) or not possible or outcome_holds(situation):
        return None
    if not calm(situation) or not may_try(situation):
        return None
    message = "one worker cannot show whether a second one gets a device of its own, so that is tried"
    return begin(situation, 2, LEAST_PERCENT, REASON, message)


def _memory_forbids(situation: Situation) -> bool:
    ceiling, expires = situation.workers.ceiling, situation.workers.ceiling_expires_at
    if ceiling is None:
        return False
    return situation.devices < 2 or (ceiling < 2 and expires is not None and situation.now < expires)
