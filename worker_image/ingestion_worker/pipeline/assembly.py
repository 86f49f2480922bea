"""Puts together what was heard in the windows of one video, in whatever order they come back. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ingestion_contract.records import Checkpoint, Segment
from ingestion_worker.media.audio import SAMPLE_RATE
from ingestion_worker.media.sections import SectionEnd, Start


@dataclass
class _Section:
    heard: dict[int, Sequence[Segment]] = field(default_factory=dict)
    end: SectionEnd | None = None

    @property
    def complete(self) -> bool:
        return self.end is not None and len(self.heard) == self.end.windows

    def segments(self) -> list[Segment]:
        return [segment for number in sorted(self.heard) for segment in self.heard[number]]


class Assembly:
    """A video whose windows are being transcribed, from its first section or from where checkpoints end.

    Args:
        language: what is spoken in it.
        checkpoints: of its first sections, in order.

    Attributes:
        heard_seconds: audio of the sections that were heard here.
    """

    def __init__(self, language: str, checkpoints: Sequence[Checkpoint] = ()) -> None:
        self.language = language
        self._segments = [segment for checkpoint in checkpoints for segment in checkpoint.segments]
        self._sections: dict[int, _Section] = {}
        self._next = len(checkpoints)
        self._end: int | None = None
        self.heard_seconds = 0.0

    def add(self, section: int, number: int, segments: Sequence[Segment]) -> None:
        """Add what was heard in a window: the section's how-manieth, from 0."""
        self._section(section).heard[number] = segments

    def end_section(self, end: SectionEnd) -> None:
        """Hear how many windows a section has."""
        self._section(end.start.section).end = end

    def take_checkpoints(self) -> list[Checkpoint]:
        """Return the sections that have become complete, in order; the video's last one is no checkpoint."""
        checkpoints = []
        while (section := self._sections.get(self._next)) is not None and section.complete:
            del self._sections[self._next]
            self._next += 1
            segments = section.segments()
            self._segments += segments
            assert section.end is not None
            self.heard_seconds += (section.end.end - section.end.start.sample) / SAMPLE_RATE
            if section.end.last:
                self._end = section.end.end
            else:
                checkpoints.append(self._checkpoint(section.end, segments))
        return checkpoints

    @property
    def audio_seconds(self) -> float | None:
        """Length of the video, once all of it was heard."""
        return None if self._end is None else self._end / SAMPLE_RATE

    @property
    def segments(self) -> tuple[Segment, ...]:
        """What was heard, up to the first gap."""
        return tuple(self._segments)

    def _section(self, number: int) -> _Section:
        return self._sections.setdefault(number, _Section())

    def _checkpoint(self, end: SectionEnd, segments: list[Segment]) -> Checkpoint:
        return Checkpoint(
            section=end.start.section,
            start=end.start.sample / SAMPLE_RATE,
            end=end.end / SAMPLE_RATE,
            language=self.language,
            segments=segments,
        )


def resume_at(checkpoints: Sequence[Checkpoint]) -> Start:
    """Return where a video goes on after its checkpoints."""
    if not checkpoints:
        return Start()
    return Start(len(checkpoints), round(checkpoints[-1].end * SAMPLE_RATE))
