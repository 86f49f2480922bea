"""What a worker does that has its device to itself and does not fit: it takes up less of it, step by step. Pure."""

from __future__ import annotations

from enum import Enum

from ingestion_contract.metrics import Stage


class Rung(Enum):
    """How a worker's models are held on the device, from the most memory to the least."""

    TOGETHER = "all models at a time"
    TWO_PASSES = "one model at a time: all is heard first, then embedded"
    SMALLER = "one model at a time, and the speech model in a smaller compute type"

    @property
    def two_passes(self) -> bool:
        """Whether the device holds one model at a time."""
        return self is not Rung.TOGETHER


def lower(rung: Rung, stage: Stage, *, transcribes: bool, may_shrink: bool) -> Rung | None:
    """Return the next rung, None if there is none that helps.

    Args:
        rung: on which memory has run out.
        stage: in which it has: a smaller speech model does not help the embedder.
        transcribes: whether there is a speech model at all.
        may_shrink: whether the speech model may be, and can be, loaded in a smaller compute type.
    """
    if rung is Rung.TOGETHER and transcribes:
        return Rung.TWO_PASSES
    if rung is Rung.TWO_PASSES and stage is Stage.ASR and may_shrink:
        return Rung.SMALLER
    return None
