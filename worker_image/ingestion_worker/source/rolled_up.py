"""Automatic captions roll up: each line is shown twice, and stays while the next one is spoken. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

PAUSE_SECONDS = 0.05
"""Screens with less between them follow each other: times are rounded."""


@dataclass(frozen=True)
class Cue:
    """Lines of text on the screen, from `start` to `end` in seconds."""

    start: float
    end: float
    lines: tuple[str, ...]


def unrolled(cues: Iterable[Cue]) -> Iterator[Cue]:
    """Yield the cues with each line once, from when it was new.

    A line is shown once more if it ended the screen before and begins this one, and the two follow each other without a
    pause. A speaker who repeats a line is not cut: the repeated line comes below the one before.
    """
    before = Cue(0.0, 0.0, ())
    for cue in cues:
        shown = _overlap(before.lines, cue.lines) if cue.start <= before.end + PAUSE_SECONDS else 0
        if shown < len(cue.lines):
            yield replace(cue, lines=cue.lines[shown:])
        before = cue


def one_at_a_time(cues: Iterable[Cue]) -> list[Cue]:
    """Return the cues such that each ends where the next one begins, at the latest."""
    kept = list(cues)
    starts = [cue.start for cue in kept[1:]]
    cut = [replace(cue, end=max(cue.start, min(cue.end, start))) for cue, start in zip(kept[:-1], starts, strict=True)]
    return cut + kept[-1:]


def _overlap(before: Sequence[str], now: Sequence[str]) -> int:
    """Return how many lines at the end of one screen begin the next one."""
    for length in range(min(len(before), len(now)), 0, -1):
        if tuple(before[-length:]) == tuple(now[:length]):
            return length
    return 0
