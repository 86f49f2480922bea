"""How fast workers are that share a device. Pure.

Each worker loops: host time, then a batch on the device, which serves one batch at a time, in turn. A batch of b
windows takes (t0 + t1 b) x slowness, and more by a share for each further process. So one worker's cycle is its host
time plus its batch, until the device is busy all the time; from then on it is the sum of all batches. A worker takes
the windows that are ready: one that its source feeds more slowly than it could go has smaller batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf

from benchmarks.control import physics

ROUNDS = 16
"""Of the iteration; it only ever goes down, and is done when nothing changes."""


@dataclass(frozen=True)
class Times:
    """A device's times, in seconds: `batch + window x size`."""

    batch: float
    window: float


@dataclass(frozen=True)
class Demand:
    """What a worker would do alone: batches of so many windows, of which its source brings so many a second."""

    batch: int
    supply: float = inf


@dataclass(frozen=True)
class Flow:
    """What a worker does.

    Attributes:
        batch: windows in its batches.
        period: seconds from one batch to the next.
        response: seconds that a batch takes, the turns of others before it included.
        busy: the share of the time in which the device works for it.
        starved: whether its source limits it.
    """

    batch: float
    period: float
    response: float
    busy: float
    starved: bool

    @property
    def windows(self) -> float:
        """Windows per second."""
        return self.batch / self.period


@lru_cache(maxsize=1 << 18)
def share(demands: tuple[Demand, ...], times: Times) -> tuple[Flow, ...]:
    """Return what each of the workers on a device does."""
    slower = 1 + physics.SWITCH_LOSS * (len(demands) - 1)
    batches = [float(demand.batch) for demand in demands]
    periods = [0.0] * len(demands)
    services = _services(batches, times, slower)
    for _ in range(ROUNDS):
        cycles = _cycles(services, periods)
        before = batches
        batches = [_batch(demand, cycle) for demand, cycle in zip(demands, cycles, strict=True)]
        services = _services(batches, times, slower)
        periods = [
            max(cycle, batch / demand.supply if demand.supply else inf)
            for demand, cycle, batch in zip(demands, cycles, batches, strict=True)
        ]
        if before == batches:
            break
    return tuple(
        Flow(
            batch,
            period,
            response=cycle - physics.HOST_SECONDS,
            busy=service / period,
            starved=batch < demand.batch or period > cycle,
        )
        for demand, batch, period, service, cycle in zip(demands, batches, periods, services, cycles, strict=True)
    )


def _services(batches: Sequence[float], times: Times, slower: float) -> list[float]:
    return [slower * (times.batch + times.window * batch) for batch in batches]


def _cycles(services: Sequence[float], periods: Sequence[float]) -> list[float]:
    """Return how long each worker's turn takes: alone, or all others' turns with its own, as often as they come."""
    alone = [physics.HOST_SECONDS + service for service in services]
    cycles = []
    for own, service in enumerate(services):
        others = sum(
            turn * min(1.0, alone[own] / period if period else 1.0)
            for other, (turn, period) in enumerate(zip(services, periods, strict=True))
            if other != own
        )
        cycles.append(max(alone[own], service + others))
    return cycles


def _batch(demand: Demand, cycle: float) -> float:
    return max(1.0, min(float(demand.batch), demand.supply * cycle))
