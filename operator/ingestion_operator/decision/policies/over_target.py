"""All workers on a device have measured their floors, and the sum is over the target: no OOM is waited for."""

from __future__ import annotations

from ingestion_operator.decision.decision import Verdict
from ingestion_operator.decision.lower import to_fit
from ingestion_operator.decision.situation import Gpu, Situation
from ingestion_operator.decision.words import device, gib

REASON = "OverTarget"


def over_target(situation: Situation) -> Verdict | None:
    """Go down to the measured fit."""
    target = situation.memory.target_percent
    over = [gpu for gpu in situation.gpus if _over(gpu, target)]
    if not over or situation.floor is None:
        return None
    gpu = over[0]
    evidence = f"the {gpu.claims} workers on {device(gpu)} need {gib(sum(gpu.floors))} at their floors"
    return to_fit(situation, situation.floor, REASON, evidence)


def _over(gpu: Gpu, target_percent: int) -> bool:
    measured = len(gpu.floors) == gpu.claims > 1
    return measured and sum(gpu.floors) > gpu.room(target_percent)
