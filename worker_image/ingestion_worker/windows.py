"""Packs voiced spans of audio into the windows that a speech model takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

WINDOW_SECONDS = 30.0
"""The window of the Whisper architecture."""


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
        start = span.start
        while span.end - start > WINDOW_SECONDS:
            yield Span(start, start + WINDOW_SECONDS)
            start += WINDOW_SECONDS
        yield Span(start, span.end)
