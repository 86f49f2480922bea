"""Memory has been free for long enough: up to what was measured to fit, as far as more workers are of use."""

from __future__ import annotations

from ingestion_operator.decision.calm import calm
from ingestion_operator.decision.ceiling import cause_is_gone
from ingestion_operator.decision.decision import Lever, Verdict
from ingestion_operator.decision.policies.trial import begin, outcome_holds
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.throughput import gain, pace
from ingestion_operator.decision.words import what_fits

REASON = "MemoryRecovered"
LEAST_GAIN = 1.03
"""More workers that are expected to gain less are not started."""
LEAST_PERCENT = 102
"""Of the rate before, what more workers on devices of their own must reach."""


def recovery(situation: Situation) -> Verdict | None:
    """Go up to the least of: the maximum, what fits, what is known to be useful, the ceiling, and the work left."""
    if situation.floor is None or not calm(situation):
        return None
    most = min(situation.bounds.max, _room(situation, situation.floor), _useful(situation), situation.remaining)
    value = _fastest(situation, _below_ceiling(situation, most))
    if value <= situation.wanted:
        return None
    seconds = situation.memory.recovery_after_seconds
    evidence = f"no memory trouble for {seconds} s; {what_fits(situation, situation.floor)}"
    if situation.next_may_have_its_own and _one_each_suffices(situation):
        return begin(situation, value, LEAST_PERCENT, REASON, f"{evidence}; tried, since each has a device of its own")
    return Verdict(Lever.PARALLELISM, value, REASON, evidence)


def _room(situation: Situation, floor: int) -> int:
    """Return how many workers the known devices hold, or one more where each worker is seen to have its own.

    The next one may find a device that no worker has told of yet. Where it does not, the devices are shared after all.
    """
    fits = sum(gpu.fit(floor, situation.memory.target_percent) for gpu in situation.gpus)
    return max(fits, situation.wanted + 1) if situation.next_may_have_its_own else fits


def _useful(situation: Situation) -> int:
    useful = situation.snapshot.status.trial.useful
    return useful if useful is not None and outcome_holds(situation) else situation.bounds.max


def _below_ceiling(situation: Situation, value: int) -> int:
    """Return the value, or less: not above the ceiling while it holds, and only one step at a time beyond it then.

    The measured floors said that so many fit, too, when memory ran out; unless it was others that took the room.
    """
    expires, ceiling = situation.workers.ceiling_expires_at, situation.workers.ceiling
    if ceiling is None or expires is None or value <= ceiling or cause_is_gone(situation):
        return value
    if situation.now < expires:
        return ceiling
    return min(value, max(ceiling, situation.wanted) + 1)


def _one_each_suffices(situation: Situation) -> bool:
    """Return whether one worker keeps a device busy, as far as known: a second one on it would be of no use."""
    known = pace(situation)
    return known is None or known.saturated


def _tell(situation: Situation) -> bool:
    """Return whether the workers tell how they use their devices, so that it is worth waiting for a measurement."""
    return any(sample.utilisation is not None and sample.batch_size for sample in situation.fresh.values())


def _fastest(situation: Situation, most: int) -> int:
    """Return the number of workers, from the present one to the most, that is expected to be fastest."""
    if situation.next_may_have_its_own:
        return most
    known = pace(situation)
    if not situation.at_work or (known is None and _tell(situation)):
        return situation.wanted
    if known is None:
        return most
    expected = {value: gain(situation, known, value) for value in range(situation.wanted, most + 1)}
    gains = {value: gained for value, gained in expected.items() if gained is not None}
    if len(gains) < len(expected):
        return most
    best = max(gains, key=lambda value: (gains[value], -value), default=situation.wanted)
    return best if gains and gains[best] >= LEAST_GAIN * gains[situation.wanted] else situation.wanted
