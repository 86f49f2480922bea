"""What one worker needs at the least, from measurements of which some may be wrong. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median_high

from ingestion_contract.status import MAX_FLOORS, MeasuredFloor

DEAD_BAND_PERCENT = 1
"""A worker that measures once more and differs by less has measured the same."""


def remembered(known: Sequence[MeasuredFloor], measured: Mapping[str, int]) -> list[MeasuredFloor]:
    """Return the latest measurement of each of the last pods that made one, newest last.

    Args:
        known: what was remembered until now.
        measured: what pods say now, in bytes by pod uid.
    """
    kept = [_latest(floor, measured) for floor in known]
    new = [MeasuredFloor(pod=uid, bytes=size) for uid, size in measured.items() if uid not in {f.pod for f in known}]
    return [*kept, *new][-MAX_FLOORS:]


def robust_floor(floors: Sequence[MeasuredFloor], largest: int | None) -> int | None:
    """Return the floor to plan with, in bytes; None as long as there is no measurement.

    All workers of a run load the same models, so their floors are measurements of one number. A neighbour that came or
    left while a worker measured makes one of them wrong; the median passes over it, and of two it is the higher one,
    which costs less when it is wrong.

    Args:
        floors: the last measurements, also of pods that are gone.
        largest: size of the largest device, if known: what is larger was hardly measured, unless all say so.
    """
    sizes = [floor.bytes for floor in floors]
    possible = [size for size in sizes if largest is None or size <= largest] or sizes
    return median_high(possible) if possible else None


def _latest(floor: MeasuredFloor, measured: Mapping[str, int]) -> MeasuredFloor:
    size = measured.get(floor.pod, floor.bytes)
    same = 100 * abs(size - floor.bytes) <= DEAD_BAND_PERCENT * floor.bytes
    return floor if same else MeasuredFloor(pod=floor.pod, bytes=size)
