"""The best static setting of parallelism and batch that hindsight could have picked, on the same workers.

It knows the models' memory from the start, and gives each worker its share of the target. Settings are played in the
same simulated cluster, but for neighbours: a static setting would keep from them what it holds, while ours makes room.
So it is played without them, and slowed down as they come and go: as many of its workers work as fit under the target
beside them, with smaller batches if need be, and the others wait. All settings are played whose bound, without a start
or load, does not say that they are slower than one that was played.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from benchmarks.control import physics
from benchmarks.control.clairvoyant import egress, largest_batch, seconds_at, speed_of
from benchmarks.control.outcome import Outcome, outcome
from benchmarks.control.play import MOST_TIMES, shards_of
from benchmarks.control.scenario import Device, Scenario
from benchmarks.control.world import World
from ingestion_contract.limits import Limits
from ingestion_operator.decision.limits import egress_share

BATCHES = (1, 2, 4, 8, 16, 32, 64)
BEAT_SECONDS = 15.0
"""Between two updates of a worker's memory: nothing reacts to them but its own governor."""
AS_FAST = 1.005
"""Settings within half a percent are equally fast: the one with fewer GPU-hours is the better one."""


@dataclass(frozen=True)
class Setting:
    """So many workers, with batches of so many windows at the most."""

    workers: int
    batch: int


def static_oracle(scenario: Scenario, least_seconds: float) -> tuple[Setting, Outcome]:
    """Return the best setting, and how it does."""
    bounds = _bounds(scenario)
    played: list[tuple[Setting, Outcome]] = []
    for setting, bound in sorted(bounds.items(), key=lambda item: (item[1], item[0].workers, -item[0].batch)):
        fastest = min((result.seconds for _, result in played), default=float("inf"))
        if bound < fastest * AS_FAST:
            played.append((setting, _play(scenario, setting, least_seconds)))
    fastest = min(result.seconds for _, result in played)
    return min((pair for pair in played if pair[1].seconds <= fastest * AS_FAST), key=lambda pair: pair[1].gpu_seconds)


def _bounds(scenario: Scenario) -> dict[Setting, float]:
    """Return the bound of each setting; where a larger batch makes no difference, the largest stands for all."""
    bounds: dict[tuple[int, float], tuple[Setting, float]] = {}
    for setting in _settings(scenario):
        bound = seconds_at(scenario, partial(_speed, scenario, setting))
        bounds[setting.workers, round(bound)] = setting, bound
    return dict(bounds.values())


def _settings(scenario: Scenario) -> list[Setting]:
    return [
        Setting(workers, batch)
        for workers in range(1, scenario.most + 1)
        for batch in BATCHES
        if (workers, batch) == (1, 1) or scenario.need(batch, physics.TEXT_TOKENS) <= _budget(scenario, workers)
    ]


def _budget(scenario: Scenario, workers: int) -> int:
    """Return a worker's share of the target; one by itself gets as much as it needs."""
    on_each = -(-workers // len(scenario.devices))
    smallest = min(device.card.memory for device in scenario.devices)
    share = smallest * physics.TARGET_PERCENT // 100 // on_each
    return max(share, scenario.need(1, physics.TEXT_TOKENS)) if on_each == 1 else share


def _speed(scenario: Scenario, setting: Setting, now: float) -> float:
    """Return the audio-seconds a second at a moment, once all has started."""
    supply = min(scenario.source.per_worker, scenario.source.in_all / setting.workers)
    count = len(scenario.devices)
    speed = 0.0
    for number, device in enumerate(scenario.devices):
        here = setting.workers // count + (number < setting.workers % count)
        workers, batch = _fitting(scenario, device, here, now)
        speed += speed_of(scenario, device, workers, min(setting.batch, batch), supply)
    return min(speed, egress(scenario))


def _fitting(scenario: Scenario, device: Device, workers: int, now: float) -> tuple[int, int]:
    """Return how many of the workers fit beside the neighbours, and with which batch."""
    for count in range(workers, 0, -1):
        batch = largest_batch(scenario, device, count, device.wanted_by_others(now))
        if batch is not None:
            return count, batch
    return 0, 0


def _play(scenario: Scenario, setting: Setting, least_seconds: float) -> Outcome:
    alone = replace(scenario, devices=tuple(replace(device, visits=()) for device in scenario.devices))
    limits = Limits(
        budget_bytes=_budget(scenario, setting.workers),
        batch_ceiling=setting.batch,
        videos_per_hour=egress_share(scenario.source.videos_per_hour, setting.workers),
    )
    shards = shards_of(scenario.durations, scenario.videos_per_shard)
    world = World(alone, shards, setting.workers, limits, beat=BEAT_SECONDS)
    world.run(None, MOST_TIMES * least_seconds)
    result = outcome([world], 0)
    if scenario.neighbour_changes == 0:
        return result
    speed_alone = _speed(alone, setting, 0.0)
    started = scenario.audio_seconds / result.seconds / speed_alone
    slowed = seconds_at(scenario, lambda now: started * _speed(scenario, setting, now))
    return replace(result, seconds=slowed, gpu_seconds=result.gpu_seconds * slowed / result.seconds)
