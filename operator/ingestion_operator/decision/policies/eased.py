"""Budgets were lowered because a device was too full, and it is not any more: each worker gets its whole part again."""

from __future__ import annotations

from ingestion_operator.decision.calm import calm
from ingestion_operator.decision.decision import Lever, Verdict
from ingestion_operator.decision.situation import Situation

REASON = "DeviceEased"
FULL_PERCENT = 100
LEAST_SECONDS = 600.0
"""For which budgets stay lowered at the least, so that they do not go up and down."""


def eased(situation: Situation) -> Verdict | None:
    """Go back to full budgets after a quiet time under the target."""
    target = situation.memory.target_percent
    if situation.workers.budget_percent >= FULL_PERCENT or not calm(situation):
        return None
    if situation.seconds_since(situation.workers.budget_changed_at) < LEAST_SECONDS:
        return None
    if any(100 * gpu.used > target * gpu.total for gpu in situation.gpus):
        return None
    seconds = situation.memory.recovery_after_seconds
    message = f"no memory trouble for {seconds} s, and every device under {target} %"
    return Verdict(Lever.BUDGET, FULL_PERCENT, REASON, message)
