"""What the feed tells the device's thread of each video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from ingestion_contract.records import Checkpoint
from ingestion_contract.spec import LanguageModel
from ingestion_worker.conclusion import StepError
from ingestion_worker.media.sections import SectionEnd, Window
from ingestion_worker.output.outcomes import Task
from ingestion_worker.output.transcript import Transcript
from ingestion_worker.source.failures import Failure


@dataclass(frozen=True)
class Audio:
    """A video's audio in a file. `language` is what is spoken, None where that is to be heard."""

    task: Task
    path: Path
    language: str | None
    checkpoints: Sequence[Checkpoint] = ()


@dataclass(frozen=True)
class Spoken:
    """A video whose transcript is there: from captions, or, `stored`, from the output."""

    task: Task
    transcript: Transcript
    stored: bool


@dataclass(frozen=True)
class Postponed:
    """A video that another speech model is to hear, later."""

    audio: Audio
    model: LanguageModel


@dataclass(frozen=True)
class Unusable:
    """A video that could not be prepared."""

    task: Task
    failure: Failure
    detail: str


@dataclass(frozen=True)
class Answer:
    """What becomes of a video whose language was heard: `language` if it goes on now; else its file may be kept."""

    language: str | None
    keep_file: bool = False


@dataclass(frozen=True)
class WhichLanguage:
    """A video's first window, in which its language is to be heard; its decoder waits for the answer."""

    audio: Audio
    window: Window
    answer: SimpleQueue[Answer] = field(default_factory=SimpleQueue)


@dataclass(frozen=True)
class Begun:
    """A video of which windows will come."""

    audio: Audio


@dataclass(frozen=True)
class SectionRead:
    """All windows of a section were given."""

    task: Task
    end: SectionEnd


@dataclass(frozen=True)
class Broken:
    """Preparing cannot go on, whatever the video."""

    error: StepError


Event = Spoken | Postponed | Unusable | WhichLanguage | Begun | SectionRead | Broken


@dataclass(frozen=True)
class TaskWindow:
    """A window of a video, the `number`-th of its section, from 0."""

    task: Task
    language: str
    section: int
    number: int
    window: Window
