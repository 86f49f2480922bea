"""Asks the simulation to predict runs that were recorded on the development cluster, as `dev.incident` writes them.

Of a run it is told what the run began with, and when its first video was done. Of the `frozen` run it is also told how
long a worker that has waited takes to load its models, and how fast the machine hears clips, where the processors and
not the simulated device limit that. What it has to predict is all else: who waits for memory and how long, when workers
are taken away, how the shards follow each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any

from benchmarks.control import physics
from benchmarks.control.contestants import LAWS, OURS
from benchmarks.control.operator import Law, Operator
from benchmarks.control.play import shards_of
from benchmarks.control.scenario import Cluster, Device, Scenario, Source
from benchmarks.control.views import first_limits
from benchmarks.control.world import World
from ingestion_operator.decision.decide import decide
from ingestion_worker.device.simulated import physics as simulated

LONGEST_SECONDS = 3600.0
DEVICE_BOUND = 0.9
"""Of the time in which clips are heard: a device that is busy for longer is what limits them."""
UNBOUND = 1000.0
"""Clips a second: more than any device hears."""


@dataclass(frozen=True)
class Prediction:
    """How long the worker Job of a run took, and was predicted to take, in seconds."""

    arm: str
    recorded: float
    predicted: float

    @property
    def error(self) -> float:
        """By how much the prediction is too long, as a share."""
        return self.predicted / self.recorded - 1


def predict(recorded: Mapping[str, Any]) -> list[Prediction]:
    """Return a prediction of each recorded run; one of them must be `frozen`."""
    runs = recorded["runs"]
    frozen = next(run for run in runs if run["levers"] == "frozen")
    speed, stall = _pace(frozen["series"])
    hearing = frozen["seconds"]["to_last_work"] - frozen["seconds"]["to_first_video"] - stall
    if frozen["seconds"]["device_busy"] >= DEVICE_BOUND * hearing:
        speed = UNBOUND
    return [_predict(run, speed, stall) for run in runs]


def _predict(run: Mapping[str, Any], speed: float, warm_up: float) -> Prediction:
    scenario = _scenario(run, speed, warm_up)
    law: Callable[[], Law] = LAWS[OURS] if run["levers"] == "adapt" else lambda: partial(decide, frozen=True)
    shards = shards_of(scenario.durations, scenario.videos_per_shard)
    world = World(scenario, shards, scenario.initial, first_limits(scenario, scenario.initial))
    world.run(Operator(world, law()), LONGEST_SECONDS)
    seconds = run["seconds"]
    return Prediction(run["arm"], seconds["to_last_work"] - seconds["to_worker_job"], world.now)


def _scenario(run: Mapping[str, Any], speed: float, warm_up: float) -> Scenario:
    seconds, workers = run["seconds"], run["spec"]["workers"]
    card = physics.Card("simulated", int(run["device_gib"] * physics.GIB), 1.0)
    start = max(0.0, seconds["to_first_video"] - seconds["to_worker_job"] - warm_up)
    transfer = physics.INCIDENT.weights / simulated.LOAD_BYTES_PER_SECOND
    available = run["videos"] - run["unavailable"]
    # Those with captions pass the device by: on average each is so much less for it.
    heard = physics.AUDIO_SECONDS_PER_WINDOW * (1 - run["captioned"] / available)
    audio = speed * heard
    return Scenario(
        family="recorded",
        seed=0,
        devices=(Device(card, workers["parallelism"]["max"], simulated.FRAGMENTATION),),
        models=replace(physics.INCIDENT, warm_up=max(0.0, warm_up - transfer)),
        leak=0,
        initial=workers["parallelism"]["initial"],
        least=workers["parallelism"]["min"],
        most=workers["parallelism"]["max"],
        durations=(heard,) * available,
        videos_per_shard=workers["videosPerShard"],
        source=Source(per_worker=audio, in_all=audio),
        cluster=Cluster(pod_start=(start, start)),
    )


def _pace(series: Mapping[str, Any]) -> tuple[float, float]:
    """Return how many clips a second the first workers hear, and how long after them the next have heard one."""
    steps = [(0.0, 0)]
    for at, done in zip(series["t"], series["succeeded"], strict=True):
        if done > steps[-1][1]:
            steps.append((at, done))
    gaps = [(after[0] - before[0], before) for before, after in pairwise(steps[1:])]
    stall, (end, heard) = max(gaps)
    begin, first = steps[1]
    return (heard - first) / (end - begin), stall
