"""The law of batches: how many windows go to the device at once. Pure; time comes in as seconds of a steady clock.

The memory of a worker is `base + slope x batch`: the models, and what each item of a batch adds. Both are measured.
The batch is the largest that stays strictly below the budget with a little headroom, within a ceiling that was
learned, and within the operator's limit.
After an out-of-memory error the batch is halved and the half remembered as the ceiling; when the ceiling expires it
rises by one item, not at once, and each further error doubles the time that it holds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ingestion_contract.limits import Limits
from ingestion_worker.device.interface import DeviceMemory

MAX_BATCH = 32
"""Larger batches gain little on any card that was measured, and cost latency and memory."""

UNGOVERNED_BATCH = 8
"""Where there is no device memory to govern."""

HEADROOM = 0.02
"""Share of the budget that is left alone: base and slope are measured on a few batches, not proven."""

CEILING_SECONDS = 60.0
MAX_CEILING_SECONDS = 1800.0

OVER_BUDGET_SECONDS = 15.0
"""How long a worker may stay above a budget that is below its floor, before it gives up its models: the operator
lowers the number of workers meanwhile, which raises the budget, and loading models again costs more than that."""

NEIGHBOUR_BYTES = 256 * 1024**2
"""Less than that, held by others, is no neighbour: a CUDA context alone takes more."""


@dataclass(frozen=True)
class Footprint:
    """Measured memory of this worker, in bytes: the models, and what one item of a batch adds at the most."""

    base: int
    slope: int

    @property
    def floor(self) -> int:
        """Models and a batch of one."""
        return self.base + self.slope

    def with_batch(self, batch: int, own: int) -> Footprint:
        """Return the footprint after a batch: the slope never shrinks, since allocators keep their high-water mark."""
        return replace(self, slope=max(self.slope, -(-(own - self.base) // batch)))


@dataclass(frozen=True)
class Ceiling:
    """A batch above which memory ran out."""

    batch: int
    holds: float
    until: float


@dataclass(frozen=True)
class Governor:
    """What the law remembers: the footprint once it is measured, and a ceiling once memory ran out."""

    footprint: Footprint | None = None
    ceiling: Ceiling | None = None
    over_budget_since: float | None = None


def allowed_batch(state: Governor, limits: Limits, governed: bool) -> int:
    """Return the largest batch that may run now, at least 1.

    Args:
        state: what is remembered.
        limits: the operator's.
        governed: whether there is device memory to govern.
    """
    if not governed:
        batch = UNGOVERNED_BATCH
    elif limits.budget_bytes is None or state.footprint is None:
        batch = 1
    else:
        batch = _within(state.footprint, limits.budget_bytes)
    if limits.batch_ceiling is not None:
        batch = min(batch, limits.batch_ceiling)
    if state.ceiling is not None:
        batch = min(batch, state.ceiling.batch)
    return max(1, batch)


def _within(footprint: Footprint, budget: int) -> int:
    """Return the largest batch with base + slope x batch < budget, less the headroom."""
    if footprint.slope <= 0:
        return MAX_BATCH
    return min(MAX_BATCH, (int(budget * (1 - HEADROOM)) - footprint.base - 1) // footprint.slope)


def after_out_of_memory(state: Governor, batch: int, now: float) -> Governor:
    """Return the state after memory ran out in a batch of that size."""
    holds = CEILING_SECONDS if state.ceiling is None else min(MAX_CEILING_SECONDS, 2 * state.ceiling.holds)
    return replace(state, ceiling=Ceiling(max(1, batch // 2), holds, now + holds))


def after_batch(state: Governor, batch: int, own: int | None, now: float) -> Governor:
    """Return the state after a batch that worked, with this worker's memory after it."""
    if state.footprint is not None and own is not None:
        state = replace(state, footprint=state.footprint.with_batch(batch, own))
    return replace(state, ceiling=_raised(state.ceiling, now))


def _raised(ceiling: Ceiling | None, now: float) -> Ceiling | None:
    if ceiling is None or now < ceiling.until:
        return ceiling
    if ceiling.batch + 1 >= MAX_BATCH:
        return None
    return Ceiling(ceiling.batch + 1, ceiling.holds, now + ceiling.holds)


def watch_budget(state: Governor, limits: Limits, memory: DeviceMemory | None, now: float) -> tuple[Governor, bool]:
    """Return the state, and whether this worker must make room now.

    It must if its floor has been above its budget for a while and there are neighbours: alone on a device it goes on,
    since nobody gains by its waiting.
    """
    over = (
        memory is not None
        and limits.budget_bytes is not None
        and state.footprint is not None
        and state.footprint.floor > limits.budget_bytes
        and has_neighbours(memory)
    )
    if not over:
        return replace(state, over_budget_since=None), False
    since = now if state.over_budget_since is None else state.over_budget_since
    return replace(state, over_budget_since=since), now - since >= OVER_BUDGET_SECONDS


def has_neighbours(memory: DeviceMemory) -> bool:
    """Return whether others hold memory on the device."""
    return memory.used - memory.own >= NEIGHBOUR_BYTES


def has_room(memory: DeviceMemory, needed: int, limits: Limits) -> bool:
    """Return whether a worker that needs so many bytes in all may load its models now.

    They must fit beside what the others hold, and into the budget unless there are no others.
    """
    if memory.used - memory.own + needed > memory.total:
        return False
    return limits.budget_bytes is None or needed <= limits.budget_bytes or not has_neighbours(memory)
