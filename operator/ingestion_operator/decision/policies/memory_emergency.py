"""Workers wait for memory at their floor, or have ended for want of it: fewer workers, at once."""

from __future__ import annotations

from ingestion_operator.decision.decision import Verdict
from ingestion_operator.decision.lower import to_fit, to_half
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
    return to_fit(situation, situation.floor, REASON, evidence)
