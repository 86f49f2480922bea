"""Lets a contestant play a scenario."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.control import physics
from benchmarks.control.operator import Law, Operator
from benchmarks.control.outcome import Outcome, outcome
from benchmarks.control.scenario import Scenario
from benchmarks.control.shard import Shard
from benchmarks.control.views import first_limits
from benchmarks.control.worker import Conduct
from benchmarks.control.world import World
from ingestion_worker.steps.shards import cut

MOST_TIMES = 20.0
"""A run that takes so many times as long as it has to is ended; what is not done then is lost."""

INCIDENT_WORKERS = (4, 2, 1)
"""What a person sets, run after run, each for what the one before has lost."""


def shards_of(durations: Sequence[float], videos_per_shard: int) -> list[Shard]:
    """Return the shards, cut as the worker cuts them."""
    return [
        Shard(index, [durations[position] for position in positions])
        for index, positions in enumerate(cut(durations, videos_per_shard))
    ]


def play(
    scenario: Scenario,
    law: Callable[[], Law],
    initial: int,
    least_seconds: float,
    looks: float = physics.LOOK_SECONDS,
) -> Outcome:
    """Return how a law does.

    Args:
        scenario: to play.
        law: makes the law, with nothing to remember.
        initial: worker pods to begin with.
        least_seconds: that the run has to take.
        looks: seconds between two looks of the operator.
    """
    shards = shards_of(scenario.durations, scenario.videos_per_shard)
    initial = min(initial, scenario.most)
    world = World(scenario, shards, initial, first_limits(scenario, initial), looks=looks)
    world.run(Operator(world, law()), MOST_TIMES * least_seconds)
    return outcome([world], 0)


def play_human(scenario: Scenario, least_seconds: float) -> Outcome:
    """Return how a person does with the worker of the founding incident, who starts again by hand."""
    worlds: list[World] = []
    durations, lost, start = list(scenario.durations), 0, 0.0
    for workers in INCIDENT_WORKERS:
        workers = min(workers, scenario.most)
        shards = shards_of(durations, scenario.videos_per_shard)
        limits = first_limits(scenario, workers)
        world = World(scenario, shards, workers, limits, Conduct(governed=False), start=start)
        world.run(None, MOST_TIMES * least_seconds)
        worlds.append(world)
        durations, start = [duration for shard in shards for duration in shard.lost], world.now
        lost += len(durations)
        if not durations:
            break
    return outcome(worlds, lost)
