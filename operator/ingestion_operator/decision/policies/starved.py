"""Workers on devices of their own wait for the source rather than for the device: give devices back."""

from __future__ import annotations

import math

from ingestion_contract.metrics import Stage, WorkerState
from ingestion_operator.decision.decision import Verdict
from ingestion_operator.decision.policies.trial import begin, least_to_try, may_try
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.throughput import pace, used_share
from ingestion_operator.observe.worker_sample import WorkerSample

REASON = "Starved"
STARVED_BELOW = 0.5
"""Workers that do less than this share of what they could, while they wait for the source."""
AIM = 0.8
"""The share of what they could do that those which stay are expected to do."""
AT_ONCE = 0.75
"""Of the workers, what stays at the least. Only then it shows whether the source limits them all, or each of them."""
LEAST_PERCENT = 97
"""Of the rate before, what must be reached with fewer."""


def starved(situation: Situation) -> Verdict | None:
    """Go down to as many as the source keeps busy; where workers share one device, giving back frees none."""
    known = pace(situation)
    if len(situation.gpus) < 2 or known is None or not may_try(situation) or _each_is_limited(situation):
        return None
    hungry, used = sum(map(_waits_for_source, situation.fresh.values())), used_share(situation, known)
    if used >= STARVED_BELOW or 2 * hungry <= len(situation.fresh):
        return None
    enough = max(math.ceil(situation.wanted * used / AIM), math.ceil(situation.wanted * AT_ONCE))
    value = max(least_to_try(situation), enough)
    if value >= situation.wanted:
        return None
    message = (
        f"{hungry} of {len(situation.fresh)} workers wait for the source, and they do {100 * used:.0f} % of what their "
        f"devices could; {value} can do as much"
    )
    return begin(situation, value, LEAST_PERCENT, REASON, message)


def _waits_for_source(sample: WorkerSample) -> bool:
    return sample.state is WorkerState.WAITING_FOR_SOURCE or sample.limiting is Stage.FETCH


def _each_is_limited(situation: Situation) -> bool:
    """Return whether a trial has shown that fewer workers fetch less in proportion: the source limits each of them."""
    until = situation.snapshot.status.trial.source_limits_each_until
    return until is not None and situation.now < until
