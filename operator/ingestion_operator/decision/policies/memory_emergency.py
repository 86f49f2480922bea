"""Workers wait for memory at their floor, or have ended for want of it: fewer workers, at once."""

from __future__ import annotations

from ingestion_operator.decision.decision import Verdict
from ingestion_operator.decision.lower import to_fit, to_half
from ingestion_operator.decision.removal import removed
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.words import short_of_memory

REASON = "MemoryPressure"


def memory_emergency(situation: Situation) -> Verdict | None:
    """Go down to the measured fit, else to half; not where each worker has a device of its own.

    If no more workers are wanted than fit, the waiting ones find room by themselves.
    """
    if situation.exclusive or not (situation.waiting or situation.exhausted):
        return None
    evidence = short_of_memory(situation)
    if situation.floor is None or not situation.gpus:
        return to_half(situation, REASON, evidence)
    verdict = to_fit(situation, situation.floor, REASON, evidence)
    return verdict if verdict is not None and _helps(situation, verdict.value) else None


def _helps(situation: Situation, value: int) -> bool:
    """Return whether one of those that wait would go: not one that has not begun, and will be on another device."""
    if situation.devices < 2 or not situation.waiting:
        return True
    going = removed(situation.staying, value)
    return any(pod.uid in situation.fresh and situation.fresh[pod.uid].waits_for_memory for pod in going)
