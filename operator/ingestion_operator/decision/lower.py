"""Ways down: to what fits, or to half where nothing was measured."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from ingestion_contract.metrics import WorkerState
from ingestion_operator.decision.decision import Lever, Verdict
from ingestion_operator.decision.removal import removed_first
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.words import what_fits

UNMEASURED_PAUSE_SECONDS = 30.0
"""Between two halvings: waiting workers try again in this time, and may measure what they need."""


LOADING_SECONDS = 120.0
"""How long after its start a worker may take to load its models and measure its floor."""


def to_fit(situation: Situation, floor: int, reason: str, evidence: str) -> Verdict | None:
    """Go down to what the measured floors say fits; None if no more workers are wanted than that."""
    value = max(_lowest(situation), _fitting(situation, floor))
    if value >= situation.wanted:
        return None
    return Verdict(Lever.PARALLELISM, value, reason, f"{evidence}; {what_fits(situation, floor)}", ceiling=True)


def to_half(situation: Situation, reason: str, evidence: str) -> Verdict | None:
    """Go down to half of the workers that are there, since nothing was measured; None if that cannot be.

    While a worker still loads, nothing is lost by waiting for what it will measure.
    """
    if _measurement_is_near(situation) or _last_change_explains_it(situation):
        return None
    present = min(situation.wanted, len(situation.staying) + len(situation.exhausted))
    value = max(_lowest(situation), -(-present // 2))
    if value >= situation.wanted:
        return None
    message = f"{evidence}; what a worker needs has not been measured, so half of the {present} stay"
    return Verdict(Lever.PARALLELISM, value, reason, message, ceiling=True)


def _fitting(situation: Situation, floor: int) -> int:
    """Return how many of the wanted workers fit, at least one on each device.

    Where there are several devices, only those go that would be the first, as long as each is too many on its own: any
    other would leave a device on which there is room, and as many as before where there is none.
    """
    fits = {gpu.uuid: max(1, gpu.fit(floor, situation.memory.target_percent)) for gpu in situation.gpus}
    if situation.devices < 2:
        return sum(fits.values())
    too_many = Counter({gpu.uuid: max(0, gpu.claims - fits[gpu.uuid]) for gpu in situation.gpus})
    going = 0
    for pod in removed_first(situation.staying):
        device = situation.device_of(pod)
        if device is None or too_many[device] == 0:
            break
        too_many[device] -= 1
        going += 1
    return situation.wanted - going


def _measurement_is_near(situation: Situation) -> bool:
    return any(
        situation.fresh[pod.uid].state is WorkerState.STARTING
        and situation.seconds_since(pod.started_at) < LOADING_SECONDS
        for pod in situation.staying
        if pod.uid in situation.fresh
    )


def _lowest(situation: Situation) -> int:
    return min(situation.bounds.min, situation.wanted)


def _last_change_explains_it(situation: Situation) -> bool:
    """Return whether the last way down has not had its pause yet, or all that is seen since was seen in that pause.

    Workers that end then for want of memory have waited for it before the change.
    """
    changed_at = situation.workers.changed_at
    if changed_at is None or situation.workers.ceiling is None:
        return False
    pause_ends = changed_at + timedelta(seconds=UNMEASURED_PAUSE_SECONDS)
    if situation.now < pause_ends:
        return True
    exits = [ended.finished_at for ended in situation.exhausted if ended.finished_at is not None]
    return bool(exits) and not situation.waiting and max(exits) < pause_ends
