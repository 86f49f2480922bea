"""Whether something grows with the number of runs that have come and gone. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from scipy.stats import theilslopes

from benchmarks.soak.sample import KINDS, OTHERS, Sample

WARM_UP = 1 / 3
"""So large a share of the moments of rest is not looked at: until then modules are imported, and caches filled."""

LEAST_RESTS = 5
"""A verdict needs so many moments of rest, of which three are left after the warm-up."""

_MIB = 2**20
_SETTLED_RUNS = 60


@dataclass(frozen=True)
class Quantity:
    """Something that must not grow.

    Attributes:
        name: in a report.
        told: what it is, in words.
        of: its value in a sample.
        tolerated: growth over a hundred runs that is not yet a leak.
        least_runs: over fewer runs than that, after the warm-up, its noise hides a slope.
    """

    name: str
    told: str
    of: Callable[[Sample], float]
    tolerated: float
    least_runs: int = 0


@dataclass(frozen=True)
class Verdict:
    """How a quantity went.

    Attributes:
        quantity: its name.
        first: median of it in the first half of the time after the warm-up.
        last: the same of the second half.
        per_hundred_runs: how it grows; Theil and Sen's slope, the median of those between any two moments. None: there
            were too few runs to say.
        tolerated: as much would not be called growth.
    """

    quantity: str
    first: float
    last: float
    per_hundred_runs: float | None
    tolerated: float

    @property
    def grows(self) -> bool:
        """Whether it grows more than is tolerated."""
        return self.per_hundred_runs is not None and self.per_hundred_runs > self.tolerated


def _objects(kind: str) -> Callable[[Sample], float]:
    return lambda sample: sample.objects[kind]


_COUNTED = {
    "ingestionruns": "IngestionRuns",
    "jobs": "Jobs",
    "pods": "Pods",
    "configmaps": "ConfigMaps",
    OTHERS: "objects of all other kinds, without Events",
}

QUANTITIES = (
    Quantity("memory", "resident memory, MiB", lambda sample: sample.memory_bytes / _MIB, 2.0, _SETTLED_RUNS),
    Quantity("files", "open file descriptors", lambda sample: sample.open_files, 1.0, _SETTLED_RUNS),
    Quantity("threads", "threads", lambda sample: sample.threads, 0.5, _SETTLED_RUNS),
    Quantity("series", "series on its metrics page", lambda sample: sample.series, 1.0, _SETTLED_RUNS),
    *(Quantity(kind, _COUNTED[kind], _objects(kind), 0.5) for kind in (*KINDS, OTHERS)),
)


def judge(samples: Sequence[Sample], quantities: Sequence[Quantity] = QUANTITIES) -> list[Verdict]:
    """Return how each quantity went, by the samples at rest after the warm-up.

    Raises:
        ValueError: there are too few of those.
    """
    judged = after_warm_up(samples)
    return [_verdict(quantity, judged) for quantity in quantities]


def after_warm_up(samples: Sequence[Sample]) -> list[Sample]:
    """Return the samples at rest that count.

    Raises:
        ValueError: there are too few for a verdict.
    """
    rests = [sample for sample in samples if sample.resting]
    if len(rests) < LEAST_RESTS:
        raise ValueError(f"{len(rests)} moments of rest, and at least {LEAST_RESTS} are needed")
    return rests[math.ceil(len(rests) * WARM_UP) :]


def _verdict(quantity: Quantity, rests: Sequence[Sample]) -> Verdict:
    values = [quantity.of(sample) for sample in rests]
    runs = [sample.runs for sample in rests]
    half = len(values) // 2
    slope = None
    if runs[-1] - runs[0] >= max(quantity.least_runs, 1):
        slope = 100 * float(theilslopes(values, runs).slope)
    return Verdict(quantity.name, median(values[:half]), median(values[half:]), slope, quantity.tolerated)
