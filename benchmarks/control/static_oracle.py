"""The best static setting of parallelism and batch that hindsight could have picked, on the same workers.

It knows the models' memory from the start, and gives each worker its share of the target. All settings are played
whose bound, without any start or load, does not say that they are slower than one that was played.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.control import physics
from benchmarks.control.outcome import Outcome, outcome
from benchmarks.control.play import MOST_TIMES, shards_of
from benchmarks.control.rates import Demand, share
from benchmarks.control.scenario import Scenario
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
    bounds = {setting: _bound(scenario, setting) for setting in _settings(scenario)}
    played: list[tuple[Setting, Outcome]] = []
    for setting, bound in sorted(bounds.items(), key=lambda item: (item[1], item[0].workers, -item[0].batch)):
        fastest = min((result.seconds for _, result in played), default=float("inf"))
        if bound < fastest * AS_FAST:
            played.append((setting, _play(scenario, setting, least_seconds)))
    fastest = min(result.seconds for _, result in played)
    return min((pair for pair in played if pair[1].seconds <= fastest * AS_FAST), key=lambda pair: pair[1].gpu_seconds)


def _settings(scenario: Scenario) -> list[Setting]:
    return [
        Setting(workers, batch)
        for workers in range(1, scenario.most + 1)
        for batch in BATCHES
        if (workers, batch) == (1, 1) or scenario.need(batch, physics.TEXT_TOKENS) <= _budget(scenario, workers)
    ]


def _budget(scenario: Scenario, workers: int) -> int:
    """Return a worker's share of the target; one by itself may use all that is there."""
    smallest = min(scenario.devices, key=lambda device: device.card.memory)
    on_each = -(-workers // len(scenario.devices))
    if workers == 1:
        return smallest.usable
    return smallest.card.memory * physics.TARGET_PERCENT // 100 // on_each


def _bound(scenario: Scenario, setting: Setting) -> float:
    """Return the time at the least: nothing starts, and neighbours take nothing."""
    devices = scenario.devices
    supply = min(scenario.source.per_worker, scenario.source.in_all / setting.workers)
    supply = round(supply / physics.AUDIO_SECONDS_PER_WINDOW, 6)
    speed = 0.0
    for number, device in enumerate(devices):
        here = setting.workers // len(devices) + (number < setting.workers % len(devices))
        flows = share((Demand(setting.batch, supply),) * here, scenario.times(device)) if here else ()
        speed += sum(flow.windows for flow in flows) * physics.AUDIO_SECONDS_PER_WINDOW
    return scenario.audio_seconds / speed


def _play(scenario: Scenario, setting: Setting, least_seconds: float) -> Outcome:
    limits = Limits(
        budget_bytes=int(_budget(scenario, setting.workers)),
        batch_ceiling=setting.batch,
        videos_per_hour=egress_share(scenario.source.videos_per_hour, setting.workers),
    )
    shards = shards_of(scenario.durations, scenario.videos_per_shard)
    world = World(scenario, shards, setting.workers, limits, beat=BEAT_SECONDS)
    world.run(None, MOST_TIMES * least_seconds)
    return outcome([world], 0)
