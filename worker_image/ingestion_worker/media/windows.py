"""Packs voiced spans of audio into the windows that a speech model takes, and long audio into sections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, starmap
from math import ceil

WINDOW_SECONDS = 30.0
"""The window of the Whisper architecture."""

ROUNDING_SECONDS = 1e-6
"""Less than a sample: what rounding leaves of a span is no window of its own, in which there would be no audio."""


@dataclass(frozen=True)
class Span:
    """A stretch of audio, in seconds from its beginning."""

    start: float
    end: float


def pack(spans: Iterable[Span]) -> list[Span]:
    """Join neighbouring spans, in their order, into windows of at most 30 s; a longer span is cut.

    A window runs from the start of its first span to the end of its last one, so that times in a window are times
    in the audio.
    """
    windows: list[Span] = []
    for span in _cut(spans):
        if windows and span.end - windows[-1].start <= WINDOW_SECONDS:
            windows[-1] = Span(windows[-1].start, span.end)
        else:
            windows.append(span)
    return windows


def _cut(spans: Iterable[Span]) -> Iterable[Span]:
    for span in spans:
        pieces = max(1, ceil((span.end - span.start - ROUNDING_SECONDS) / WINDOW_SECONDS))
        edges = [span.start + WINDOW_SECONDS * piece for piece in range(pieces)] + [span.end]
        yield from starmap(Span, pairwise(edges))


def close_section(windows: Sequence[Span], length: float) -> tuple[list[Span], float]:
    """Return the windows that belong to a section that is not the last, and where the next section begins.

    A window near the section's end may go on beyond it: that window is the next section's first, so that where a
    section happens to end cuts no speech.

    Args:
        windows: of the section, in seconds from its beginning.
        length: of the section, more than two windows, in seconds.
    """
    if windows and windows[-1].end > length - WINDOW_SECONDS and windows[-1].start > 0:
        return list(windows[:-1]), windows[-1].start
    return list(windows), length
