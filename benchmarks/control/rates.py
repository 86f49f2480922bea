"""How fast workers are that share a device. Pure.

Each worker loops: host time, then a batch on the device, which serves one batch at a time. A batch of b windows takes
(t0 + t1 b) x slowness, and more by a share for each further process. As long as the device is not busy all the time,
nobody waits for it; else each worker has its turn once a round, which is as long as all turns together. A worker
takes the windows that are ready: one that its source feeds more slowly than it could go has smaller batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf

from benchmarks.control import physics

HALVINGS = 40
"""Of the interval in which the length of a round is looked for."""


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
    actual = Times(times.batch * slower, times.window * slower)
    flows = _in_rounds(demands, actual, 0.0)
    if _busy(flows) <= 1:
        return flows
    shortest, longest = 0.0, sum(actual.batch + actual.window * demand.batch for demand in demands)
    for _ in range(HALVINGS):
        middle = (shortest + longest) / 2
        if _busy(_in_rounds(demands, actual, middle)) > 1:
            shortest = middle
        else:
            longest = middle
    return _in_rounds(demands, actual, longest)


def _busy(flows: Sequence[Flow]) -> float:
    return sum(flow.busy for flow in flows)


def _in_rounds(demands: Sequence[Demand], times: Times, seconds: float) -> tuple[Flow, ...]:
    """Return what the workers do if each waits for its turn until a round of so many seconds is over."""
    return tuple(_flow(demand, times, max(seconds, _alone(demand, times))) for demand in demands)


def _alone(demand: Demand, times: Times) -> float:
    """Return a worker's cycle without others: its batches are what its source brings in that time."""
    spare = 1 - demand.supply * times.window
    fed = demand.supply * (physics.HOST_SECONDS + times.batch) / spare if spare > 0 else inf
    return physics.HOST_SECONDS + times.batch + times.window * max(1.0, min(float(demand.batch), fed))


def _flow(demand: Demand, times: Times, cycle: float) -> Flow:
    batch = max(1.0, min(float(demand.batch), demand.supply * cycle))
    period = max(cycle, batch / demand.supply)
    service = times.batch + times.window * batch
    return Flow(
        batch,
        period,
        response=cycle - physics.HOST_SECONDS,
        busy=service / period,
        starved=batch < demand.batch or period > cycle,
    )
