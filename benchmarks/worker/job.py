"""What a system is asked to do in a process of its own, and what it answers. No imports but Python's own: peers'
environments read it too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

Transcribe = Callable[[Sequence[str]], list[str]]
"""Transcribes files; the text of each."""


@dataclass(frozen=True)
class Job:
    """One measurement.

    Attributes:
        system: a name of `systems.SYSTEMS`.
        model: folder of the speech model, in CTranslate2's format.
        embedder: folder of the embedding model, for the systems that embed.
        files: what is timed.
        warm_up: a file that is transcribed before.
        compute_type: number type of the speech model's weights, in CTranslate2's words.
        threads: CPU threads in all.
        batch: windows in a batch, where a system has batches.
        scratch: a folder for what the system writes.
        started: when the process was started, by the machine's steady clock, in seconds.
    """

    system: str
    model: str
    embedder: str
    files: list[str]
    warm_up: str
    compute_type: str
    threads: int
    batch: int
    scratch: str
    started: float

    def write(self, path: Path) -> None:
        """Write the job as JSON."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> Job:
        """Read a job."""
        return cls(**json.loads(path.read_text()))


@dataclass(frozen=True)
class Answer:
    """What came of a job.

    Attributes:
        ready_seconds: from the start of the process until the models were loaded and a file was transcribed.
        seconds: the time of the job's files after that.
        texts: per file.
    """

    ready_seconds: float
    seconds: float
    texts: list[str]

    def write(self, path: Path) -> None:
        """Write the answer as JSON."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> Answer:
        """Read an answer."""
        return cls(**json.loads(path.read_text()))
