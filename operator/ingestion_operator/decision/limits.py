"""The limits that every worker keeps: its share of the device, and of the egress budget."""

from __future__ import annotations

from ingestion_contract.limits import Limits
from ingestion_operator.decision.situation import Gpu, Situation

APPLIED_WITHIN_SECONDS = 120.0
"""After this, workers that have not reported the last limits no longer hold up the next ones."""
FLOOR_DEAD_BAND_PERCENT = 5
"""A floor that is measured anew and differs by less is the same floor."""
NEIGHBOURS_DEAD_BAND_PERCENT = 2
"""Of the device: a share that differs by less because of what others hold is the same share."""


def current_limits(situation: Situation) -> Limits:
    """Return the limits as the status has them."""
    status, workers = situation.snapshot.status, situation.workers
    return Limits(
        revision=workers.limits_revision,
        budget_bytes=status.memory.budget_bytes,
        floor_bytes=status.memory.floor_bytes,
        videos_per_hour=workers.videos_per_hour,
    )


def decide_limits(situation: Situation, parallelism: int, budget_percent: int) -> Limits:
    """Return the limits for so many workers: the present ones, or others with the next revision."""
    present = current_limits(situation)
    if not _applied(situation, present):
        return present
    wanted = Limits(
        revision=present.revision,
        budget_bytes=_budget(situation, parallelism, budget_percent, present.budget_bytes),
        floor_bytes=_floor(situation, present.floor_bytes),
        videos_per_hour=egress_share(situation.snapshot.run.spec.source.videos_per_hour, parallelism),
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


def _budget(situation: Situation, parallelism: int, percent: int, present: int | None) -> int | None:
    """Return each worker's share of its device: so many percent of an equal part of the target; at least the floor.

    While more workers are there, or are still wanted, than fit, the shares stay as they are: a larger one would be
    taken from those that are on their way out, and a smaller one would be below the floor and stop the work.
    """
    floor, gpus = situation.floor, situation.gpus
    if floor is None or not gpus or parallelism == 0 or len(situation.active) > parallelism:
        return present
    target = situation.memory.target_percent
    smallest = min(gpus, key=lambda gpu: gpu.room(target))
    on_each = 1 if situation.exclusive else -(-parallelism // len(gpus))
    fit = max(1, smallest.fit(floor, target))
    if on_each > fit and parallelism > situation.bounds.min:
        return present
    share = max(floor, smallest.room(target) * percent // 100 // min(on_each, fit))
    if present is not None and share > present and smallest.uuid not in situation.snapshot.neighbours:
        # What others hold is not known yet, which is not the same as nothing.
        return present
    if present is not None and share < present and _fits_those_heard(situation, parallelism, percent, present):
        return present
    return present if _only_restless(smallest, share, present) else share


def _fits_those_heard(situation: Situation, parallelism: int, percent: int, present: int) -> bool:
    """Return whether a worker is between two shards, while those that are heard have the room that they were given.

    It may come back on a device that no other has told of: that is known when it is heard again.
    """
    if situation.all_heard or parallelism != situation.wanted:
        return False
    rooms = ((gpu.claims, gpu.room(situation.memory.target_percent) * percent // 100) for gpu in situation.gpus)
    return all(claims * present <= room for claims, room in rooms)


def _only_restless(gpu: Gpu, share: int, present: int | None) -> bool:
    if present is None or gpu.neighbours == 0:
        return False
    return 100 * abs(share - present) <= NEIGHBOURS_DEAD_BAND_PERCENT * gpu.total


def _floor(situation: Situation, present: int | None) -> int | None:
    measured = situation.floor
    if present is None or measured is None:
        return measured
    same = 100 * abs(measured - present) <= FLOOR_DEAD_BAND_PERCENT * present
    return present if same else measured
