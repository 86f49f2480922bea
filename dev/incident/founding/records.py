"""What the program writes: a file per video, in one of two folders."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from dev.incident.founding.source import Listed


@dataclass(frozen=True)
class Transcript:
    """A video that was ingested.

    Attributes:
        heard: by the speech model, rather than read from captions.
        seconds: how long the video plays.
    """

    id: str
    text: str
    heard: bool
    seconds: float
    vector: list[float]


class Output:
    """The folder of a run. A file appears at once and whole."""

    def __init__(self, folder: Path) -> None:
        self._transcripts = folder / "transcripts"
        self._failures = folder / "failures"
        for part in (self._transcripts, self._failures):
            part.mkdir(parents=True, exist_ok=True)

    def succeeded(self, video: Listed, text: str, heard: bool, vector: list[float]) -> None:
        """Write a transcript with its vector."""
        transcript = Transcript(video.id, text, heard, video.seconds, vector)
        _write(self._transcripts / f"{video.id}.json", json.dumps(asdict(transcript)))

    def failed(self, video: Listed, error: Exception) -> None:
        """Write why there is none."""
        _write(self._failures / f"{video.id}.txt", f"{type(error).__name__}: {error}")

    def counts(self) -> tuple[int, int]:
        """Return how many videos have succeeded and failed so far."""
        return sum(1 for _ in self._transcripts.glob("*.json")), sum(1 for _ in self._failures.glob("*.txt"))

    def transcripts(self) -> dict[str, Transcript]:
        """Return the transcripts by the ids of their videos."""
        paths = sorted(self._transcripts.glob("*.json"))
        return {path.stem: Transcript(**json.loads(path.read_text())) for path in paths}

    def failures(self) -> dict[str, str]:
        """Return why videos failed, by their ids."""
        return {path.stem: path.read_text() for path in sorted(self._failures.glob("*.txt"))}


def _write(path: Path, text: str) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(text)
    partial.replace(path)
