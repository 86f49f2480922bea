"""A batch that is not to be exceeded for a while, since memory ran out above it, or nothing was gained there. Pure.

A ceiling is raised by a quarter at a time, and only by batches that nearly reach it: a smaller one is a sign that
nothing was waiting. A raise must prove its worth in throughput, or it is taken back. Where budget or limits permit less
than the ceiling, batches say nothing of it: it is neither raised nor taken back. Each time that a ceiling is taken
back, or memory runs out, it holds twice as long as before, so that a worker settles.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

FIRST_HOLD_SECONDS = 60.0
MAX_HOLD_SECONDS = 1800.0

PROOF_BATCHES = 4
"""So many batches say how fast they are."""

NEARLY = 0.75
"""A batch of at least this share of the ceiling reaches it."""

LEAST_GAIN = 1.03
"""A raise that gains less than 3 % is not worth its memory."""


@dataclass(frozen=True)
class Ceiling:
    """The largest batch that may run.

    Attributes:
        size: of that batch.
        holds: seconds for which it was last held; 0 as long as it never had to be.
        until: when it may be raised, in seconds of a steady clock.
        batches: how many batches have reached it.
        items: in these batches.
        seconds: how long they took.
        raised_from: size from which it was raised, while that has not proved its worth; else 0.
        to_beat: items per second before it was raised.
    """

    size: int
    holds: float = 0.0
    until: float = 0.0
    batches: int = 0
    items: int = 0
    seconds: float = 0.0
    raised_from: int = 0
    to_beat: float = 0.0

    @property
    def rate(self) -> float:
        """Items per second in batches that have reached it."""
        return self.items / max(self.seconds, 1e-9)

    def with_batch(self, size: int, seconds: float) -> Ceiling:
        """Return it after a batch that has reached it."""
        return replace(self, batches=self.batches + 1, items=self.items + size, seconds=self.seconds + seconds)


def after_out_of_memory(ceiling: Ceiling, size: int, now: float) -> Ceiling:
    """Return the ceiling after memory ran out in a batch of that size: half of it, or what it was if that is less."""
    return _held(ceiling, max(1, min(size // 2, ceiling.size)), now)


def after_batch(ceiling: Ceiling, size: int, seconds: float, now: float, permitted: int) -> Ceiling:
    """Return the ceiling after a batch that worked.

    Args:
        size: of the batch.
        seconds: that it took.
        permitted: the largest batch but for the ceiling: what budget and limits permit, and beyond which nothing is
            gained anywhere.
    """
    if size < NEARLY * ceiling.size or permitted < ceiling.size:
        return ceiling
    ceiling = ceiling.with_batch(size, seconds)
    if ceiling.batches < PROOF_BATCHES:
        return ceiling
    if ceiling.raised_from and ceiling.rate < LEAST_GAIN * ceiling.to_beat:
        return _held(ceiling, ceiling.raised_from, now)
    ceiling = replace(ceiling, raised_from=0)
    return _raised(ceiling, now, permitted)


def _held(ceiling: Ceiling, size: int, now: float) -> Ceiling:
    holds = min(MAX_HOLD_SECONDS, 2 * ceiling.holds) if ceiling.holds else FIRST_HOLD_SECONDS
    return Ceiling(size, holds, now + holds)


def _raised(ceiling: Ceiling, now: float, permitted: int) -> Ceiling:
    if now < ceiling.until or ceiling.size >= permitted:
        return ceiling
    size = ceiling.size + max(1, ceiling.size // 4)
    return Ceiling(size, ceiling.holds, now + ceiling.holds, raised_from=ceiling.size, to_beat=ceiling.rate)
