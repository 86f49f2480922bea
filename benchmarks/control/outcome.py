"""How a contestant did in a scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles

from benchmarks.control.world import Broken, World

BURST_SECONDS = 30.0
"""Failures of allocations that follow each other within this time are one episode."""


@dataclass(frozen=True)
class Outcome:
    """How a contestant did.

    Attributes:
        seconds: from the list to the last shard.
        complete: whether all was done within the time that a run is given.
        lost: videos that were given up for want of memory, or are not done.
        gpu_seconds: of devices on which there was at least one pod.
        oom_episodes: bursts of failed allocations.
        changes: of parallelism.
        broken: rules for adding workers that were.
        memory_steady_percent: of the fullest device, in the second half of the run: the 95th percentile.
    """

    seconds: float
    complete: bool
    lost: int
    gpu_seconds: float
    oom_episodes: int
    changes: int
    broken: Broken
    memory_steady_percent: float


def outcome(worlds: Sequence[World], lost: int) -> Outcome:
    """Return the outcome of the worlds that a contestant went through, one after the other."""
    last = worlds[-1]
    undone = sum(shard.videos - shard.done for shard in last.shards)
    memory = [reading for world in worlds for reading in world.account.memory]
    return Outcome(
        seconds=last.now,
        complete=last.complete,
        lost=lost + undone,
        gpu_seconds=sum(world.account.gpu_seconds for world in worlds),
        oom_episodes=sum(episodes([at for gpu in world.gpus for at in gpu.failures]) for world in worlds),
        changes=sum(world.account.changes for world in worlds),
        broken=last.account.broken,
        memory_steady_percent=_steady(memory, last.now),
    )


def episodes(moments: Sequence[float]) -> int:
    """Return the number of bursts."""
    ordered = sorted(moments)
    return sum(index == 0 or moment - ordered[index - 1] > BURST_SECONDS for index, moment in enumerate(ordered))


def _steady(memory: Sequence[tuple[float, float]], end: float) -> float:
    steady = [percent for at, percent in memory if at >= end / 2]
    return quantiles(steady, n=20)[-1] if len(steady) > 1 else max(steady, default=0.0)
