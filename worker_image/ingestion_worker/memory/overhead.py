"""The time that a batch takes whatever its size, in units of what each window adds. Pure.

A batch of b windows takes t0 + t1 x b: launches and the decoder's steps, which all windows share, and what each adds.
The quotient t0 / t1 says how much larger batches gain. Both are found by least squares through the mean times of the
sizes that there have been: two sizes tell, however many batches of one of them follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LEAST_FACTOR = 2
"""Between the smallest size and the largest, without which a line through them means nothing."""
MOST_WEIGHT = 16.0
"""Batches of a size that its mean remembers, and that it counts for."""
MOST_WINDOWS = 64.0
"""A larger quotient says no more than that batches should be as large as they can be."""


@dataclass(frozen=True)
class Mean:
    """What batches of one size took: the weight of the mean, and the mean in seconds."""

    weight: float = 0.0
    seconds: float = 0.0

    def with_batch(self, seconds: float) -> Mean:
        """Return the mean after one more batch."""
        weight = min(MOST_WEIGHT, self.weight + 1)
        return Mean(weight, self.seconds + (seconds - self.seconds) / weight)


@dataclass(frozen=True)
class BatchTimes:
    """Mean times of batches by their size in windows."""

    means: Mapping[int, Mean] = field(default_factory=dict)

    def with_batch(self, size: int, seconds: float) -> BatchTimes:
        """Return the times after a batch of so many windows that took so many seconds."""
        return BatchTimes({**self.means, size: self.means.get(size, Mean()).with_batch(seconds)})

    @property
    def overhead(self) -> float | None:
        """t0 / t1 in windows, from 0 to `MOST_WINDOWS`; None as long as the batches do not tell."""
        if not self.means or max(self.means) < LEAST_FACTOR * min(self.means):
            return None
        weight = sum(mean.weight for mean in self.means.values())
        size = sum(mean.weight * size for size, mean in self.means.items()) / weight
        seconds = sum(mean.weight * mean.seconds for mean in self.means.values()) / weight
        variance = sum(mean.weight * (at - size) ** 2 for at, mean in self.means.items())
        slope = sum(mean.weight * (at - size) * (mean.seconds - seconds) for at, mean in self.means.items()) / variance
        if slope <= 0:
            return MOST_WINDOWS
        return max(0.0, min(MOST_WINDOWS, seconds / slope - size))
