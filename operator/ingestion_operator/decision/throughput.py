"""How much another number of workers would help on devices that they share. Pure.

A batch of b windows takes t0 + t1 x b. With r = t0 / t1, which the workers measure, a device that is busy all the time
does 1 / t1 x b / (r + b) windows in a second: larger batches use it better, and fewer workers have larger batches,
since they share the memory. One that is not busy all the time waits for its workers, and more of them keep it busier.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from statistics import median_low

from ingestion_contract.limits import HEADROOM, MAX_WINDOWS
from ingestion_contract.metrics import WorkerState
from ingestion_operator.decision.situation import Situation

BUSY = 0.9
"""A device that is busy for this share of the time is saturated: more workers only take turns on it."""
SATURATED = 0.97
"""The share of the time for which workers can be expected to keep a device busy at the most."""
OVERHEAD = 5.0
"""t0 / t1 where no worker had its device to itself: large models are about four times as fast in batches of 8."""
SWITCH_LOSS = 0.03
"""Share of a device's time that each further process on it costs: time slices are switched, caches are cold. Chosen."""
MANY = 64
"""Of more workers than that, about as many are at work at any moment."""
BOUND_BY_MEMORY = 0.75
"""Batches of at least this share of what memory allows would be larger if it allowed more."""
MEASURED_SECONDS = 30.0
"""A rate over a shorter time says nothing."""


@dataclass(frozen=True)
class Pace:
    """How workers use the devices that they share.

    Attributes:
        workers: how many there are.
        utilisation: the share of the time in which the devices were busy, 0 to 1.
        batch: windows in their batches.
        overhead: t0 / t1, in windows.
        allowed: windows that the workers allow themselves at the most, None where they do not tell.
        duty: the share of the time for which a wanted worker is at work.
        queued: whether windows wait for the devices at every worker.
    """

    workers: int
    utilisation: float
    batch: int
    overhead: float
    allowed: int | None = None
    duty: float = 1.0
    queued: bool = False

    @property
    def speed(self) -> float:
        """The share of what the devices could do with endless batches, while all workers are at work."""
        return self.utilisation * efficiency(self.batch, self.overhead)

    @property
    def saturated(self) -> bool:
        """Whether the devices are busy, and more windows wait for them than they get."""
        return self.utilisation >= BUSY and self.queued


def efficiency(batch: int, overhead: float) -> float:
    """Return the share of a device's time in batches of that size that depends on their size."""
    return batch / (overhead + batch)


def pace(situation: Situation) -> Pace | None:
    """Return how the workers use their devices; None where it is not known."""
    rate, samples = situation.snapshot.rate, situation.fresh.values()
    batches = [sample.batch_size for sample in samples if sample.batch_size]
    ceilings = [sample.batch_ceiling for sample in samples if sample.batch_ceiling]
    overheads = [sample.batch_overhead for sample in samples if sample.batch_overhead]
    if rate is None or rate.utilisation is None or rate.seconds < MEASURED_SECONDS:
        return None
    if not batches:
        return None
    overhead = median_low(overheads) if overheads else OVERHEAD
    queues = [sample.windows_waiting for sample in samples if sample.state is WorkerState.WORKING]
    queued = bool(queues) and all(queues)
    allowed = median_low(ceilings) if ceilings else None
    return Pace(situation.wanted, rate.utilisation, median_low(batches), overhead, allowed, rate.duty, queued)


def fed(situation: Situation, duty: float, workers: int) -> float:
    """Return the share of the time for which a device has at least one of so many workers at work."""
    return 1 - (1 - duty) ** on_each(situation, workers)


def used_share(situation: Situation, known: Pace) -> float:
    """Return the share of what the present workers could do that they do, 0 to 1.

    A worker that waits for windows takes what is there: its batches are small, and its device looks busier than it is.
    """
    batch = batch_of(situation, known.workers) or known.batch
    return min(1.0, known.speed / (SATURATED * efficiency(max(batch, known.batch), known.overhead)))


def gain(situation: Situation, known: Pace, workers: int) -> float | None:
    """Return how many times faster another number of workers is expected to be; None if that cannot be told.

    Where the device is saturated, and windows wait, one worker alone is expected to saturate it. Where it is not, what
    one worker does is known: of n wanted ones, k are at work at a moment, with binomial chance, and do k times that.
    """
    batch = _expected_batch(situation, known, workers)
    if batch is None or known.speed <= 0 or known.duty <= 0:
        return None
    now = _most(situation, known, known.workers, known.batch)
    then = _most(situation, known, workers, batch)
    if known.saturated:
        return then * fed(situation, known.duty, workers) / (now * fed(situation, known.duty, known.workers))
    each, now = known.speed / known.workers, max(now, known.speed)
    return _expected(workers, known.duty, each, then) / _expected(known.workers, known.duty, each, now)


def _most(situation: Situation, known: Pace, workers: int, batch: int) -> float:
    """Return what so many workers can do at the most with batches of that size."""
    switches = on_each(situation, workers) - 1
    return SATURATED * efficiency(batch, known.overhead) / (1 + SWITCH_LOSS * switches)


def on_each(situation: Situation, workers: int) -> int:
    """Return how many of so many workers share a device, at the most."""
    return -(-workers // max(1, len(situation.gpus)))


def _expected(workers: int, duty: float, each: float, most: float) -> float:
    """Return the speed of so many workers, each of which is at work for a share of the time."""
    if workers > MANY:
        return min(workers * duty * each, most)
    chances = (comb(workers, k) * duty**k * (1 - duty) ** (workers - k) for k in range(workers + 1))
    return sum(chance * min(k * each, most) for k, chance in enumerate(chances))


def _expected_batch(situation: Situation, known: Pace, workers: int) -> int | None:
    """Return the batch that each of so many workers will have: as now, unless memory bounds it now or then.

    Where workers allow themselves less than their budget would, memory has run out within it: the device holds less
    than was measured. More of them will do no better then, and fewer of them will.
    """
    then, budgeted = batch_of(situation, workers), _batch_in_force(situation)
    if then is None or budgeted is None:
        return None
    allowed = min(budgeted, known.allowed or budgeted)
    if workers < known.workers:
        follows = known.batch >= BOUND_BY_MEMORY * allowed
    else:
        follows = allowed >= BOUND_BY_MEMORY * budgeted
    return then if follows else min(then, known.batch)


def batch_of(situation: Situation, workers: int) -> int | None:
    """Return the largest batch that each of so many workers could have, None if their memory has not been measured."""
    if not situation.gpus:
        return None
    room = median_low(gpu.room(situation.memory.target_percent) for gpu in situation.gpus)
    share = room * situation.workers.budget_percent // 100 // on_each(situation, workers)
    return _batch_within(situation, share)


def _batch_in_force(situation: Situation) -> int | None:
    budget = situation.snapshot.status.memory.budget_bytes
    return batch_of(situation, situation.wanted) if budget is None else _batch_within(situation, budget)


def _batch_within(situation: Situation, budget: int) -> int | None:
    sizes = [sample.window_bytes for sample in situation.fresh.values() if sample.window_bytes]
    if not sizes or situation.floor is None:
        return None
    room = int(budget * (1 - HEADROOM)) - situation.floor
    return max(1, min(MAX_WINDOWS, 1 + room // max(sizes)))
