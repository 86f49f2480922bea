"""What a worker was measured to hold on its device: its models, and what the batches of each stage add. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from ingestion_contract.metrics import Stage


@dataclass(frozen=True)
class Line:
    """What batches of a stage add, in bytes, as a straight line above all that was measured.

    The slope is the steepest between a batch and the largest of at most half its size: between batches of about one
    size, an allocator's own steps of megabytes would make it. The way from nothing to the smallest batch counts only
    as long as there is no other, since the first batch also takes what a library keeps for batches of any size.

    Attributes:
        points: size of a batch and the bytes that it added; each larger than all before.
        least: bytes that a batch may add however small it is, since an item that is doubted is worked on once more, in
            a way that takes more. Of a large batch, so few are at a time that the line covers them.
    """

    points: tuple[tuple[int, int], ...] = ((0, 0),)
    least: int = 0

    @cached_property
    def slope(self) -> int:
        """Bytes that each unit of size adds, at the most."""
        measured = self.points[1:]
        steps = [_step(smaller, larger) for larger in measured if (smaller := _half_of(larger, measured)) is not None]
        return max(steps or [_step(self.points[0], point) for point in measured], default=0)

    @cached_property
    def fixed(self) -> int:
        """Bytes that any batch adds, whatever its size."""
        return max(added - self.slope * size for size, added in self.points)

    @property
    def largest(self) -> int:
        """Size of the largest batch that was measured."""
        return self.points[-1][0]

    @property
    def highest(self) -> int:
        """Bytes that the batches so far have added."""
        return max(self.points[-1][1], self.least)

    def at(self, size: int) -> int:
        """Return the bytes that a batch adds."""
        return max(self.fixed + self.slope * size, self.least) if size else 0

    def with_batch(self, size: int, growth: int) -> Line:
        """Return the line after a batch, during which so many bytes more were held than ever before.

        A batch that stayed below `least` says nothing: nobody has seen what it added.
        """
        if not growth and self.least > self.points[-1][1]:
            return self
        if size > self.largest:
            return replace(self, points=(*self.points, (size, self.highest + growth)))
        if growth:
            return replace(self, points=(*self.points[:-1], (self.largest, self.highest + growth)))
        return self

    def exceeds(self, known: Line) -> bool:
        """Return whether batches have added more than a line that was known before says of the largest of them."""
        return self.highest > known.at(self.largest)

    def with_least(self, growth: int) -> Line:
        """Return the line after an item was worked on the way that takes most, and so many bytes more were held."""
        return replace(self, least=self.highest + growth)


def _half_of(point: tuple[int, int], points: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """Return the last of the points of at most half the size."""
    return next((smaller for smaller in reversed(points) if 2 * smaller[0] <= point[0]), None)


def _step(smaller: tuple[int, int], larger: tuple[int, int]) -> int:
    """Return the bytes that each unit of size between two points adds, rounded up."""
    return -(-(larger[1] - smaller[1]) // (larger[0] - smaller[0]))


@dataclass(frozen=True)
class Footprint:
    """The memory of a worker, in bytes.

    Attributes:
        base: the models and the device's context.
        windows: what batches of windows add.
        texts: what batches of texts add, by their tokens, padding included.
        text_tokens: of the longest text that there can be.
    """

    base: int
    windows: Line = field(default_factory=Line)
    texts: Line = field(default_factory=Line)
    text_tokens: int = 0

    @property
    def floor(self) -> int:
        """The least that the worker needs: its models, a batch of one window, and one of one text."""
        return self.total(1, self.text_tokens)

    @property
    def highest(self) -> int:
        """The most that was ever held."""
        return self.base + self.windows.highest + self.texts.highest

    def total(self, windows: int, tokens: int) -> int:
        """Return what batches of so many windows, and of texts of so many tokens, need in all."""
        return self.base + self.windows.at(windows) + self.texts.at(tokens)

    def with_batch(self, stage: Stage, size: int, highest: int) -> Footprint:
        """Return the footprint after a batch, with the most that the worker has held until now.

        What was held never counts as gone, since allocators keep it, or take it again with the next such batch.
        """
        growth = max(0, highest - self.highest)
        if stage is Stage.ASR:
            return replace(self, windows=self.windows.with_batch(size, growth))
        return replace(self, texts=self.texts.with_batch(size, growth))

    def with_doubt(self, highest: int) -> Footprint:
        """Return the footprint after a window was heard the way that takes most."""
        return replace(self, windows=self.windows.with_least(max(0, highest - self.highest)))


def larger(one: Footprint, other: Footprint) -> Footprint:
    """Return a footprint that covers both measurements of the same worker."""
    return Footprint(
        base=max(one.base, other.base),
        windows=_larger(one.windows, other.windows),
        texts=_larger(one.texts, other.texts),
        text_tokens=max(one.text_tokens, other.text_tokens),
    )


def _larger(one: Line, other: Line) -> Line:
    """Return the line with the higher of the values at each size that both have; the longer one's from there on."""
    longer, shorter = (one, other) if len(one.points) >= len(other.points) else (other, one)
    known = dict(shorter.points)
    raised = [(size, max(added, known.get(size, 0))) for size, added in longer.points]
    points = tuple((size, max(added for at, added in raised if at <= size)) for size, _ in raised)
    return Line(points, max(one.least, other.least))
