"""A shared device is nearly full, and nobody has measured yet what a worker needs."""

from __future__ import annotations

from ingestion_operator.decision.decision import Verdict
from ingestion_operator.decision.lower import to_half
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.words import device, gib

REASON = "MemoryDanger"
DANGER_PERCENT = 95


def danger(situation: Situation) -> Verdict | None:
    """Go down to half. Where floors are measured, the workers' own governors keep below their budgets."""
    if situation.floor is not None:
        return None
    for gpu in situation.gpus:
        if gpu.claims > 1 and 100 * gpu.used > DANGER_PERCENT * gpu.total:
            evidence = f"{gib(gpu.used)} of {gib(gpu.total)} on {device(gpu)} are in use, more than {DANGER_PERCENT} %"
            return to_half(situation, REASON, evidence)
    return None
