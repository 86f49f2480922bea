"""No lever is left: one worker alone on its device does not fit."""

from __future__ import annotations

from ingestion_contract.status import ConditionStatus, ConditionType
from ingestion_operator.decision.decision import Finding
from ingestion_operator.decision.exits import too_many
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.words import gib, short_of_memory, shortened

REASON = "OOMAtMinimum"
ALONE_SECONDS = 60.0
"""How long a worker that has measured nothing may wait alone before that means that it does not fit."""
_HELP = (
    "a larger device, a smaller model, spec.embedding.computeType: bfloat16 or spec.transcription.computeType: int8 "
    "would help, and so would other processes leaving the device"
)


def out_of_memory_at_minimum(situation: Situation) -> Finding | None:
    """Say so when fewer workers cannot help and none works; it ends when one does, or when the spec is changed.

    One that works and is no longer wanted ends nothing: it is on its way out.
    """
    if situation.one_works and situation.wanted > 0:
        return None
    if too_many(situation) or (_alone(situation) and _in_vain(situation)):
        return Finding(REASON, f"{short_of_memory(situation)}; {_measured(situation)}; {_HELP}")
    return still_stalled(situation)


def _alone(situation: Situation) -> bool:
    at_minimum = situation.wanted <= situation.bounds.min or situation.exclusive
    return at_minimum and all(gpu.claims <= 1 for gpu in situation.gpus)


def _in_vain(situation: Situation) -> bool:
    if situation.exhausted:
        return True
    if not situation.waiting:
        return False
    if situation.floor is not None and situation.gpus:
        return all(gpu.fit(situation.floor, situation.memory.target_percent) == 0 for gpu in situation.gpus)
    return situation.seconds_since(situation.workers.changed_at) >= ALONE_SECONDS


def _measured(situation: Situation) -> str:
    floor = gib(situation.floor) if situation.floor else "an amount that could not be measured"
    sizes = shortened([gib(gpu.total) for gpu in situation.gpus]) or "an unknown size"
    return f"one worker needs {floor} at its floor, the device has {sizes} (target {situation.memory.target_percent} %)"


def still_stalled(situation: Situation) -> Finding | None:
    """Return what the run is stalled by, as long as nobody has changed the spec since."""
    for condition in situation.snapshot.status.conditions:
        if (
            condition.type is ConditionType.STALLED
            and condition.status is ConditionStatus.TRUE
            and condition.reason == REASON
            and condition.observed_generation == situation.snapshot.generation
        ):
            return Finding(REASON, condition.message)
    return None
