"""Workers on devices of their own wait for the source rather than for the device: give devices back."""

from __future__ import annotations

import math

from ingestion_contract.metrics import Stage, WorkerState
from ingestion_operator.decision.decision import Verdict
from ingestion_operator.decision.policies.trial import begin, may_try
from ingestion_operator.decision.situation import Situation
from ingestion_operator.observe.worker_sample import WorkerSample

REASON = "Starved"
STARVED_BELOW = 0.5
"""Devices that are busy for less than this share of the time, while their workers wait for the source."""
AIM = 0.8
"""The share of the time for which those that stay are expected to be busy."""
LEAST_PERCENT = 97
"""Of the rate before, what must be reached with fewer."""


def starved(situation: Situation) -> Verdict | None:
    """Go down to as many as the source keeps busy; where workers share one device, giving back frees none."""
    rate = situation.snapshot.rate
    if len(situation.gpus) < 2 or rate is None or rate.utilisation is None or not may_try(situation):
        return None
    hungry = sum(map(_waits_for_source, situation.fresh.values()))
    if rate.utilisation >= STARVED_BELOW or 2 * hungry <= len(situation.fresh):
        return None
    value = max(situation.bounds.min, 1, math.ceil(situation.wanted * rate.utilisation / AIM))
    if value >= situation.wanted:
        return None
    message = (
        f"{hungry} of {len(situation.fresh)} workers wait for the source, and their devices are busy for "
        f"{100 * rate.utilisation:.0f} % of the time; {value} can do as much"
    )
    return begin(situation, value, LEAST_PERCENT, REASON, message)


def _waits_for_source(sample: WorkerSample) -> bool:
    return sample.state is WorkerState.WAITING_FOR_SOURCE or sample.limiting is Stage.FETCH
