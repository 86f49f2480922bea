"""What a run of the campaign's worker is to do; it travels in the query of the run's source."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import TypeAdapter

UNAVAILABLE_EVERY = 7
"""Of so many videos, the last does not exist."""

PAUSE_SECONDS = 20.0
"""A paused worker that nobody kills goes on after so long."""

PAUSED = "_faults/paused.json"
"""In the output: where a worker says that it has come to its point and waits, for the first and only time."""


class Point(StrEnum):
    """Where a worker pauses: before it writes this file of the output, or with half of it written."""

    NOWHERE = ""
    LIST = "list"
    CUT = "cut"
    TRANSCRIPT = "transcript"
    TRANSCRIPT_MANIFEST = "transcript-manifest"
    HALF_A_TRANSCRIPT_MANIFEST = "half-transcript-manifest"
    CHECKPOINT = "checkpoint"
    HALF_A_CHECKPOINT = "half-checkpoint"
    VECTORS = "vectors"
    MANIFEST = "manifest"
    HALF_A_MANIFEST = "half-manifest"
    OUTCOME = "outcome"
    HALF_AN_OUTCOME = "half-outcome"
    COUNT = "count"


class Page(StrEnum):
    """How a worker answers when its metrics are read."""

    GOOD = "good"
    HANGS = "hangs"
    DRIPS = "drips"
    HUGE = "huge"
    GARBAGE = "garbage"
    REFUSES = "refuses"


@dataclass(frozen=True)
class Plan:
    """What the workers of a run do.

    Attributes:
        shards, videos: how many shards there are, and how many videos each has.
        seconds: how long a video takes.
        sections: into how many parts a video is heard, each a checkpoint; 0 is none.
        room: how many workers fit on the device at once; the others turn not ready and wait.
        point: where the first worker that comes there pauses.
        page: how metrics are answered.
    """

    shards: int = 4
    videos: int = 3
    seconds: float = 0.4
    sections: int = 0
    room: int = 100
    point: Point = Point.NOWHERE
    page: Page = Page.GOOD

    @property
    def total(self) -> int:
        """How many videos there are."""
        return self.shards * self.videos

    @property
    def available(self) -> int:
        """How many of them exist."""
        return self.total - self.total // UNAVAILABLE_EVERY

    def url(self) -> str:
        """Return the source that a run names to have this done."""
        return f"http://stand-in.invalid/?{urlencode({name: str(value) for name, value in asdict(self).items()})}"

    def spec(self) -> dict[str, Any]:
        """Return what the run of such a plan asks for, but for its output."""
        return {"source": {"urls": [self.url()]}}

    @staticmethod
    def parse(url: str) -> Plan:
        """Return what a source asks for."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items()}
        return _ADAPTER.validate_python(query)


_ADAPTER = TypeAdapter(Plan)
