"""Workers that share a saturated device only take turns on it: fewer, with larger batches, are faster."""

from __future__ import annotations

from ingestion_operator.decision.decision import Verdict
from ingestion_operator.decision.policies.trial import begin, least_to_try, may_try
from ingestion_operator.decision.removal import most_on_one
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.throughput import batch_of, gain, on_each, pace

REASON = "Crowded"
LEAST_GAIN = 1.1
"""Expected gains that are smaller are not worth stopping a worker; over the present number, when its budgets have
followed the room that is there now."""
NEARLY_BEST = 0.93
"""Of the best expected speed. The largest number of workers that reaches it is taken: a saturated device does not show
how fast each of them would be fed."""
LEAST_PERCENT = 105
"""Of the rate before, what must be reached with fewer."""


def crowded(situation: Situation) -> Verdict | None:
    """Go down to the number of workers that is expected to be fastest."""
    known = pace(situation)
    if known is None or not may_try(situation) or not known.saturated:
        return None
    lowest = max(least_to_try(situation), situation.devices)
    gains = [(gain(situation, known, value) or 0.0, value) for value in _even(situation, lowest)]
    best = max(gains, default=(0.0, 0))[0]
    present = max(1.0, gain(situation, known, situation.wanted) or 1.0)
    if best < LEAST_GAIN * present:
        return None
    expected, value = max((pair for pair in gains if pair[0] >= NEARLY_BEST * best), key=lambda pair: pair[1])
    message = (
        f"the device is busy for {100 * known.utilisation:.0f} % of the time with batches of {known.batch}; "
        f"{value} can have batches of {batch_of(situation, value)}, {100 * (expected / present - 1):.0f} % faster"
    )
    return begin(situation, value, LEAST_PERCENT, REASON, message)


def _even(situation: Situation, lowest: int) -> list[int]:
    """Return the smaller numbers of workers with which no device is more crowded than it has to be.

    Who goes is the Job controller's choice. The next shard that begins may change whom that is.
    """
    values = range(lowest, situation.wanted)
    return [value for value in values if most_on_one(situation, value) <= on_each(situation, value)]
