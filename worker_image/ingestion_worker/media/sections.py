"""Cuts audio of any length into sections of ten minutes, and those into windows of speech with their features.

What a section holds depends on the audio and on where the section begins, on nothing else: a video that is resumed
at a section gives the windows that an undisturbed one gives. No more than a section is held in memory.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ingestion_worker.media import audio, voice, windows
from ingestion_worker.media.audio import SAMPLE_RATE, Samples
from ingestion_worker.media.features import FeatureMaker, Features, FeatureSettings

SECTION_SECONDS = 600.0
SECTION_SAMPLES = int(SECTION_SECONDS * SAMPLE_RATE)


@dataclass(frozen=True)
class Start:
    """Where to begin: the section's number, and its first sample."""

    section: int = 0
    sample: int = 0


@dataclass(frozen=True)
class Window:
    """At most 30 s of audio in which someone speaks.

    Attributes:
        features: of shape (mels, 3000).
        start: its place in the video, in seconds.
        seconds: its length.
    """

    features: Features
    start: float
    seconds: float


@dataclass(frozen=True)
class SectionEnd:
    """All windows of a section were given. `end` is the first sample of the next, or the audio's end."""

    start: Start
    end: int
    windows: int
    last: bool


def read(path: Path, settings: FeatureSettings, start: Start) -> Generator[Window | SectionEnd]:
    """Yield the windows of a file, section by section; what lies before the start is decoded and passed over.

    Decoding again what was heard already costs a ten-hour video a minute, and gives the very same samples, which
    seeking would not in every format.

    Raises:
        MediaError, MemoryError: see `audio.stream`.
    """
    make = FeatureMaker(settings)
    buffer = _Buffer(audio.stream(path))
    buffer.drop(start.sample)
    while True:
        samples, last = buffer.peek(SECTION_SAMPLES)
        spans = windows.pack(voice.voiced_spans(samples)) if len(samples) else []
        length = len(samples)
        if not last:
            spans, end = windows.close_section(spans, length / SAMPLE_RATE)
            length = round(end * SAMPLE_RATE)
        for span in spans:
            yield _window(make, samples, span, start.sample)
        yield SectionEnd(start, start.sample + length, len(spans), last)
        if last:
            return
        buffer.drop(length)
        start = Start(start.section + 1, start.sample + length)


def _window(make: FeatureMaker, samples: Samples, span: windows.Span, offset: int) -> Window:
    first, end = round(span.start * SAMPLE_RATE), round(span.end * SAMPLE_RATE)
    return Window(make(samples[first:end]), (offset + first) / SAMPLE_RATE, (end - first) / SAMPLE_RATE)


class _Buffer:
    """The part of a stream of samples that is being looked at."""

    def __init__(self, stream: Iterator[Samples]) -> None:
        self._stream = stream
        self._held: Samples = np.zeros(0, np.float32)

    def peek(self, most: int) -> tuple[Samples, bool]:
        """Return the next samples, at most so many, and whether there are no more after them."""
        pieces = [self._held]
        length = len(self._held)
        while length <= most and (piece := next(self._stream, None)) is not None:
            pieces.append(piece)
            length += len(piece)
        self._held = np.concatenate(pieces)
        return self._held[:most], length <= most

    def drop(self, count: int) -> None:
        """Pass over so many samples."""
        while count > len(self._held):
            count -= len(self._held)
            piece = next(self._stream, None)
            self._held = np.zeros(0, np.float32) if piece is None else piece
            if piece is None:
                return
        self._held = self._held[count:]
