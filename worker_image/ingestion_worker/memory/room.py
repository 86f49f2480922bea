"""Whether there is room on the device for a worker, beside its neighbours and within its budget. Pure."""

from __future__ import annotations

from ingestion_contract.limits import Limits
from ingestion_worker.device.interface import DeviceMemory

NEIGHBOUR_BYTES = 256 * 1024**2
"""Less than that, held by others, is no neighbour: a CUDA context alone takes more."""

SMALL_SHARE = 0.1
"""Of the device: others that hold less are not worth waiting for where nobody lowers the number of workers."""

OVER_BUDGET_SECONDS = 15.0
"""How long a worker may stay above its budget before it gives up its models: the operator may be lowering the number of
workers meanwhile, which raises the budget, and loading models again costs more than that."""


def has_neighbours(memory: DeviceMemory) -> bool:
    """Return whether others hold memory on the device."""
    return memory.used - memory.own >= NEIGHBOUR_BYTES


def waiting_helps(memory: DeviceMemory, needed: int | None, *, operated: bool) -> bool:
    """Return whether a worker that does not fit may come to fit since others make room.

    Args:
        memory: the device's, now.
        needed: the least that the worker is known to need in all, None if nothing is known.
        operated: whether somebody sets limits, and so the number of workers. Else, others that hold little are taken to
            stay, such as a desktop.
    """
    if needed is not None and needed > memory.total:
        return False
    return has_neighbours(memory) and (operated or memory.used - memory.own >= SMALL_SHARE * memory.total)


def has_room(memory: DeviceMemory, needed: int, limits: Limits) -> bool:
    """Return whether a worker that needs so many bytes in all may load its models now.

    They must fit beside what the others hold, and into the budget unless there are no others.
    """
    if memory.used - memory.own + needed > memory.total:
        return False
    return limits.budget_bytes is None or needed <= limits.budget_bytes or not has_neighbours(memory)


def within_device(limits: Limits, memory: DeviceMemory | None) -> Limits:
    """Return the limits with a budget, if there is one, of no more than the others leave of the device."""
    if memory is None or limits.budget_bytes is None:
        return limits
    left = max(1, memory.total - (memory.used - memory.own))
    return limits.model_copy(update={"budget_bytes": min(limits.budget_bytes, left)})


def over_budget_since(
    since: float | None, floor: int | None, limits: Limits, memory: DeviceMemory | None, now: float
) -> float | None:
    """Return since when a worker is above its budget, None if it is not.

    It is if it holds more, or needs more at the least, and there are neighbours: alone on a device it goes on, since
    nobody gains by its waiting. It may hold more since the budget was lowered, or since something leaks.

    Args:
        since: what was returned last.
        floor: what the worker needs at the least, None while that is not known.
        limits: the operator's.
        memory: None where there is no device.
        now: seconds of a steady clock.
    """
    if memory is None or limits.budget_bytes is None or floor is None:
        return None
    if max(floor, memory.own) <= limits.budget_bytes or not has_neighbours(memory):
        return None
    return now if since is None else since


def must_make_room(since: float | None, now: float) -> bool:
    """Return whether a worker has been above its budget for so long that it gives up its models."""
    return since is not None and now - since >= OVER_BUDGET_SECONDS
