"""The time that a batch takes whatever its size, in units of what each window adds. Pure.

A batch of b windows takes t0 + t1 x b: launches and the decoder's steps, which all windows share, and what each adds.
The quotient t0 / t1 says how much larger batches gain. Both are found by least squares over the batches so far, of
which older ones count less. On a device that others use too, all batches take longer alike, so the quotient stays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

FORGET = 0.98
"""What the batches before count for with each new one: the last fifty or so."""
LEAST_BATCHES = 8.0
"""Weight of the batches without which nothing is said."""
LEAST_SPREAD = 0.25
"""Standard deviation of the sizes, as a share of their mean, without which a line through them means nothing."""
MOST_WINDOWS = 64.0
"""A larger quotient says no more than that batches should be as large as they can be."""


@dataclass(frozen=True)
class BatchTimes:
    """Weighted sums over batches: how many, their sizes, their seconds, the squares and the products."""

    count: float = 0.0
    sizes: float = 0.0
    seconds: float = 0.0
    squares: float = 0.0
    products: float = 0.0

    def with_batch(self, size: int, seconds: float) -> BatchTimes:
        """Return the sums after a batch of so many windows that took so many seconds."""
        return replace(
            self,
            count=FORGET * self.count + 1,
            sizes=FORGET * self.sizes + size,
            seconds=FORGET * self.seconds + seconds,
            squares=FORGET * self.squares + size * size,
            products=FORGET * self.products + size * seconds,
        )

    @property
    def overhead(self) -> float | None:
        """t0 / t1 in windows, from 0 to `MOST_WINDOWS`; None as long as the batches do not tell."""
        if self.count < LEAST_BATCHES:
            return None
        mean = self.sizes / self.count
        variance = self.squares / self.count - mean * mean
        if variance < (LEAST_SPREAD * mean) ** 2:
            return None
        slope = (self.products / self.count - mean * self.seconds / self.count) / variance
        if slope <= 0:
            return MOST_WINDOWS
        return max(0.0, min(MOST_WINDOWS, (self.seconds / self.count) / slope - mean))
