"""The limits that every worker keeps: its share of the device, and of the egress budget."""

from __future__ import annotations

from ingestion_contract.limits import Limits
from ingestion_operator.decision.budgets import decide_budgets
from ingestion_operator.decision.situation import Situation

APPLIED_WITHIN_SECONDS = 120.0
"""After this, workers that have not reported the last limits no longer hold up the next ones."""
FLOOR_DEAD_BAND_PERCENT = 5
"""A floor that is measured anew and differs by less is the same floor."""


def current_limits(situation: Situation) -> Limits:
    """Return the limits as the status has them."""
    status, workers = situation.snapshot.status, situation.workers
    return Limits(
        revision=workers.limits_revision,
        budget_bytes=status.memory.budget_bytes,
        device_budgets=status.memory.device_budgets,
        floor_bytes=status.memory.floor_bytes,
        videos_per_hour=workers.videos_per_hour,
    )


def decide_limits(situation: Situation, parallelism: int, budget_percent: int) -> Limits:
    """Return the limits for so many workers: the present ones, or others with the next revision."""
    present = current_limits(situation)
    if not _applied(situation, present):
        return present
    wanted = decide_budgets(situation, parallelism, budget_percent, present).model_copy(
        update={
            "floor_bytes": _floor(situation, present.floor_bytes),
            "videos_per_hour": egress_share(situation.snapshot.run.spec.source.videos_per_hour, parallelism),
        }
    )
    return wanted if wanted == present else wanted.model_copy(update={"revision": present.revision + 1})


def egress_share(total: int | None, parallelism: int) -> int | None:
    """Return one worker's share of the run's videos per hour, at least one."""
    return max(1, total // max(1, parallelism)) if total is not None else None


def _applied(situation: Situation, limits: Limits) -> bool:
    """Return whether the last change has reached the workers that can be heard, or has had its time."""
    reported = [sample.limits_revision for sample in situation.fresh.values()]
    reached = all(revision is not None and revision >= limits.revision for revision in reported)
    return reached or situation.seconds_since(situation.workers.limits_changed_at) >= APPLIED_WITHIN_SECONDS


def _floor(situation: Situation, present: int | None) -> int | None:
    measured = situation.floor
    if present is None or measured is None:
        return measured
    same = 100 * abs(measured - present) <= FLOOR_DEAD_BAND_PERCENT * present
    return present if same else measured
