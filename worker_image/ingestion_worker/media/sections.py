"""Cuts audio of any length into sections of ten minutes, and those into windows of speech with their features.

What a section holds depends on the audio and on where the section begins, on nothing else: a video that is resumed
at a section gives the windows that an undisturbed one gives. No more than a section is held in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ingestion_worker.media import audio, voice, windows
from ingestion_worker.media.audio import SAMPLE_RATE, Samples
from ingestion_worker.media.features import FeatureMaker, Features, FeatureSettings
from ingestion_worker.media.windows import Packed, Span

SECTION_SECONDS = 600.0
SECTION_SAMPLES = int(SECTION_SECONDS * SAMPLE_RATE)


@dataclass(frozen=True)
class Start:
    """Where to begin: the section's number, and its first sample."""

    section: int = 0
    sample: int = 0


@dataclass(frozen=True)
class Window:
    """At most 30 s of speech.

    Attributes:
        features: of shape (mels, 3000).
        spans: its places in the video: they follow each other in the window, without the silences between them.
    """

    features: Features
    spans: tuple[Span, ...]

    @property
    def start(self) -> float:
        """Where it begins in the video, in seconds."""
        return self.spans[0].start

    @property
    def end(self) -> float:
        """Where it ends in the video, in seconds."""
        return self.spans[-1].end

    @property
    def seconds(self) -> float:
        """Its length, without the silences."""
        return sum(span.seconds for span in self.spans)

    def in_video(self, time: float) -> float:
        """Return the place in the video of a time in the window, both in seconds."""
        for span in self.spans:
            if time <= span.seconds:
                return span.start + max(0.0, time)
            time -= span.seconds
        return self.end


@dataclass(frozen=True)
class SectionEnd:
    """All windows of a section were given. `end` is the first sample of the next, or the audio's end."""

    start: Start
    end: int
    windows: int
    last: bool


def read(
    path: Path, settings: FeatureSettings, start: Start, alive: Callable[[], None] = lambda: None
) -> Generator[Window | SectionEnd]:
    """Yield the windows of a file, section by section; what lies before the start is decoded and passed over.

    Decoding again what was heard already costs a ten-hour video a minute, and gives the very same samples, which
    seeking would not in every format.

    Args:
        alive: is called for each piece of audio, also for those that are passed over.

    Raises:
        MediaError, MemoryError: see `audio.stream`.
    """
    make = FeatureMaker(settings)
    buffer = _Buffer(_watched(audio.stream(path), alive))
    buffer.drop(start.sample)
    while True:
        samples, last = buffer.peek(SECTION_SAMPLES)
        packed = windows.pack(voice.voiced_spans(samples)) if len(samples) else []
        length = len(samples)
        if not last:
            packed, end = windows.close_section(packed, length / SAMPLE_RATE)
            length = round(end * SAMPLE_RATE)
        for window in packed:
            yield _window(make, samples, window, start.sample)
        yield SectionEnd(start, start.sample + length, len(packed), last)
        if last:
            return
        buffer.drop(length)
        start = Start(start.section + 1, start.sample + length)


def _watched(stream: Iterator[Samples], alive: Callable[[], None]) -> Iterator[Samples]:
    for piece in stream:
        alive()
        yield piece


def _window(make: FeatureMaker, samples: Samples, packed: Packed, offset: int) -> Window:
    edges = [(round(span.start * SAMPLE_RATE), round(span.end * SAMPLE_RATE)) for span in packed.spans]
    speech = np.concatenate([samples[first:end] for first, end in edges])
    places = [Span((offset + first) / SAMPLE_RATE, (offset + end) / SAMPLE_RATE) for first, end in edges]
    return Window(make(speech), tuple(places))


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
