"""What was measured, as rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks.worker.measure import Measurement
from benchmarks.worker.settings import TOKENS
from benchmarks.worker.systems import EMBEDDING, MODEL_ONLY, OURS, SEQUENTIAL, SYSTEMS
from dev.demo_model.evaluate import word_error_rate

WARM, COLD = "warm", "cold"

Rounds = Mapping[str, Sequence[Measurement]]
"""Per system, a measurement a round. All rounds have all systems."""


@dataclass(frozen=True)
class Texts:
    """What each system heard with the demonstration model, which says real words; and what was spoken.

    Attributes:
        clips: of the load `short-clips`, per system.
        sentences: of single sentences, per system.
        spoken: those sentences.
    """

    clips: Mapping[str, Sequence[str]]
    sentences: Mapping[str, Sequence[str]]
    spoken: Sequence[str]


@dataclass(frozen=True)
class Row:
    """One system at one load.

    Attributes:
        start: `warm`, after the models were loaded and one file was transcribed; or `cold`, from the process's start.
        audio_hours_per_hour: the median of the rounds; `lowest` and `highest` of them.
        of_model_only: share of the throughput of `model-only` in the same round, the median of the rounds.
        ours_times: how many times as fast the worker was in the same round, the median of the rounds: with its
            embedder where the system embeds, too, else without.
        peak_host_bytes: what its processes held together at the most, in any round.
        peak_device_bytes: None on a CPU.
        windows: that were decoded, from the words, of which each window has the same number.
        text_equal: share of the clips whose text is word for word what faster-whisper's `transcribe` gives; None where
            that was not measured.
        word_error_rate: of single sentences against what was spoken; None where that was not measured.
    """

    load: str
    system: str
    start: str
    audio_hours_per_hour: float
    lowest: float
    highest: float
    of_model_only: float | None
    ours_times: float | None
    peak_host_bytes: int
    peak_device_bytes: int | None
    windows: int
    text_equal: float | None
    word_error_rate: float | None


@dataclass(frozen=True)
class HostMemory:
    """Peak host memory of a system at one file of so many minutes."""

    system: str
    minutes: float
    peak_host_bytes: int


@dataclass(frozen=True)
class Report:
    """All of a run.

    Attributes:
        about: the machine, the settings and the versions.
        absent: systems that were not measured, and why.
    """

    about: dict[str, str]
    rows: list[Row]
    host_memory: list[HostMemory]
    absent: dict[str, str]

    def write(self, path: Path) -> None:
        """Write the report as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def read(cls, path: Path) -> Report:
        """Read a report."""
        found = json.loads(path.read_text())
        return cls(
            about=found["about"],
            rows=[Row(**row) for row in found["rows"]],
            host_memory=[HostMemory(**point) for point in found["host_memory"]],
            absent=found["absent"],
        )

    def row(self, load: str, system: str, start: str = WARM) -> Row | None:
        """Return a system's row, None where it was not measured."""
        for row in self.rows:
            if (row.load, row.system, row.start) == (load, system, start):
                return row
        return None


def rows(load: str, seconds: float, rounds: Rounds, texts: Texts | None) -> list[Row]:
    """Return the rows of a load of so many seconds of audio."""
    return [
        _row(load, system, start, seconds, rounds, texts)
        for system in rounds
        for start in (WARM, COLD)
        if start == WARM or SYSTEMS[system].cold
    ]


def _row(load: str, system: str, start: str, seconds: float, rounds: Rounds, texts: Texts | None) -> Row:
    speeds = {name: [seconds / _time(each, start) for each in found] for name, found in rounds.items()}
    ours = EMBEDDING if SYSTEMS[system].embeds else OURS
    return Row(
        load=load,
        system=system,
        start=start,
        audio_hours_per_hour=median(speeds[system]),
        lowest=min(speeds[system]),
        highest=max(speeds[system]),
        of_model_only=_ratio(speeds, system, MODEL_ONLY) if start == WARM else None,
        ours_times=None if system in (OURS, EMBEDDING, MODEL_ONLY) else _ratio(speeds, ours, system),
        peak_host_bytes=max(each.peak_host_bytes for each in rounds[system]),
        peak_device_bytes=None,
        windows=_words(rounds[system][0].answer.texts) // TOKENS,
        text_equal=None if texts is None else _text_equal(texts, system),
        word_error_rate=None if texts is None else _word_error_rate(texts, system),
    )


def _time(measurement: Measurement, start: str) -> float:
    answer = measurement.answer
    return answer.seconds if start == WARM else answer.ready_seconds + answer.seconds


def _ratio(speeds: Mapping[str, Sequence[float]], system: str, other: str) -> float | None:
    """Return the median over the rounds of one system's speed over another's, None where one is not there."""
    if system not in speeds or other not in speeds:
        return None
    return median(one / two for one, two in zip(speeds[system], speeds[other], strict=True))


def _words(texts: Sequence[str]) -> int:
    return sum(len(text.split()) for text in texts)


def _text_equal(texts: Texts, system: str) -> float | None:
    if system not in texts.clips or SEQUENTIAL not in texts.clips:
        return None
    pairs = list(zip(texts.clips[SEQUENTIAL], texts.clips[system], strict=True))
    return sum(wanted.split() == heard.split() for wanted, heard in pairs) / len(pairs)


def _word_error_rate(texts: Texts, system: str) -> float | None:
    if system not in texts.sentences:
        return None
    return word_error_rate(list(zip(texts.spoken, texts.sentences[system], strict=True)))
