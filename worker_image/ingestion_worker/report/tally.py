"""Keeps of the records of many videos what a page can show: counts, and a few examples. Pure."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest, nsmallest

from ingestion_contract.metrics import Result
from ingestion_contract.records import Outcome, TranscriptManifest, Video, VideoManifest

EXAMPLES = 3
LONGEST = 10


@dataclass(frozen=True)
class VideoRecords:
    """What is recorded of a video: its outcome, and where it is there, its manifest and its transcript's."""

    outcome: Outcome
    manifest: VideoManifest | None
    transcript: TranscriptManifest | None


@dataclass(frozen=True)
class ModelUse:
    """A model that made what is there: its name, the hub's commit, and what else is to be told of it."""

    name: str
    revision: str | None
    details: str | None


@dataclass(frozen=True)
class Example:
    """A video with its outcome; `place` is its position in the list, the list's length for one that is not in it."""

    place: int
    outcome: Outcome


@dataclass(frozen=True)
class Long:
    """A video by its length.

    Attributes:
        place: its position in the list.
        seconds: of audio; as the source says where it is not there.
        outcome: None where none is recorded.
        source: where its transcript is from, None where there is none.
    """

    place: int
    seconds: float
    outcome: Outcome | None = None
    source: str | None = None


class Tally:
    """Counts videos whose records pass by one at a time.

    It keeps a number or two of each video, so that a run may have any number of them, and the records of a few.

    Attributes:
        results, reasons, sources: how many videos have which.
        audio_seconds: of the videos that are there.
        speech_models, embedders: what made them.
    """

    def __init__(self, videos: Sequence[Video]) -> None:
        self.results: Counter[Result] = Counter()
        self.reasons: Counter[str] = Counter()
        self.sources: Counter[str] = Counter()
        self.audio_seconds = 0.0
        self.speech_models: set[ModelUse] = set()
        self.embedders: set[ModelUse] = set()
        self._places: dict[str, int] = {}
        self._said_seconds = array("d")
        for place, video in enumerate(videos):
            self._places[video.id] = place
            self._said_seconds.append(video.duration_seconds or 0.0)
        self._recorded = bytearray(len(videos))
        self._examples: defaultdict[str, list[Example]] = defaultdict(list)
        self._longest: list[Long] = []

    def add(self, one: VideoRecords) -> None:
        """Count a video that has an outcome."""
        outcome = one.outcome
        place = self._places.get(outcome.video_id, len(self._places))
        self.results[outcome.result] += 1
        if outcome.reason:
            self.reasons[outcome.reason] += 1
            examples = [*self._examples[outcome.reason], Example(place, outcome)]
            self._examples[outcome.reason] = nsmallest(EXAMPLES, examples, key=lambda example: example.place)
        if one.manifest is not None:
            self._add_made(one.manifest, one.transcript)
        if place < len(self._places):
            self._recorded[place] = True
            self._add_long(place, one)

    def examples(self, reason: str) -> Sequence[Example]:
        """Return the first videos of the list that are not there for a reason."""
        return self._examples.get(reason, ())

    def longest(self) -> list[Long]:
        """Return the longest videos whose length is known, the longest first; of equals, the first in the list."""
        return nlargest(LONGEST, [*self._longest, *nlargest(LONGEST, self._unrecorded(), key=_by_length)], _by_length)

    def _unrecorded(self) -> Iterator[Long]:
        for place, seconds in enumerate(self._said_seconds):
            if seconds and not self._recorded[place]:
                yield Long(place, seconds)

    def _add_made(self, manifest: VideoManifest, transcript: TranscriptManifest | None) -> None:
        self.audio_seconds += manifest.audio_seconds
        details = f"{manifest.embed_compute_type}, {manifest.dimension} numbers a vector"
        self.embedders.add(ModelUse(manifest.embed_model, manifest.embed_revision, details))
        if transcript is not None:
            self.sources[transcript.source] += 1
            if transcript.asr_model:
                use = ModelUse(transcript.asr_model, transcript.asr_revision, transcript.asr_compute_type)
                self.speech_models.add(use)

    def _add_long(self, place: int, one: VideoRecords) -> None:
        seconds = one.manifest.audio_seconds if one.manifest is not None else self._said_seconds[place]
        if seconds:
            source = one.transcript.source if one.transcript is not None else None
            known = [*self._longest, Long(place, seconds, one.outcome, source)]
            self._longest = nlargest(LONGEST, known, key=_by_length)


def _by_length(video: Long) -> tuple[float, int]:
    return video.seconds, -video.place
