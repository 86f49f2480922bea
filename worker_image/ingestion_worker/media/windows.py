"""Packs voiced spans of audio into the windows that a speech model takes, and long audio into sections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, starmap
from math import ceil

WINDOW_SECONDS = 30.0
"""The window of the Whisper architecture."""

MAX_GAP_SECONDS = 5.0
"""A longer silence ends a window, so that what is said in it lies close together."""

MAX_EXTENT_SECONDS = 60.0
"""From the first word of a window to its last, with the silences that are cut out."""

ROUNDING_SECONDS = 1e-6
"""Less than a sample: what rounding leaves of a span is no window of its own, in which there would be no audio."""


@dataclass(frozen=True)
class Span:
    """A stretch of audio, in seconds from its beginning."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end - self.start


@dataclass(frozen=True)
class Packed:
    """What a window holds: spans with speech, one after the other, without the silences between them."""

    spans: tuple[Span, ...]

    @property
    def start(self) -> float:
        """Where the first span begins."""
        return self.spans[0].start

    @property
    def end(self) -> float:
        """Where the last span ends."""
        return self.spans[-1].end

    @property
    def seconds(self) -> float:
        """Length of the window, without the silences."""
        return sum(span.seconds for span in self.spans)

    def takes(self, span: Span) -> bool:
        """Return whether the window has room for a span that follows it."""
        return (
            self.seconds + span.seconds <= WINDOW_SECONDS
            and span.start - self.end <= MAX_GAP_SECONDS
            and span.end - self.start <= MAX_EXTENT_SECONDS
        )


def pack(spans: Iterable[Span]) -> list[Packed]:
    """Put neighbouring spans, in their order, into windows of at most 30 s; a longer span is cut."""
    windows: list[Packed] = []
    for span in _cut(spans):
        if windows and windows[-1].takes(span):
            windows[-1] = Packed((*windows[-1].spans, span))
        else:
            windows.append(Packed((span,)))
    return windows


def _cut(spans: Iterable[Span]) -> Iterable[Span]:
    for span in spans:
        pieces = max(1, ceil((span.seconds - ROUNDING_SECONDS) / WINDOW_SECONDS))
        edges = [span.start + WINDOW_SECONDS * piece for piece in range(pieces)] + [span.end]
        yield from starmap(Span, pairwise(edges))


def close_section(windows: Sequence[Packed], length: float) -> tuple[list[Packed], float]:
    """Return the windows that belong to a section that is not the last, and where the next section begins.

    A window near the section's end may go on beyond it: that window is the next section's first, so that where a
    section happens to end cuts no speech.

    Args:
        windows: of the section, in seconds from its beginning.
        length: of the section, more than twice the extent of a window, in seconds.
    """
    if windows and windows[-1].end > length - MAX_GAP_SECONDS and windows[-1].start > 0:
        return list(windows[:-1]), windows[-1].start
    return list(windows), length
