"""Turns transcripts into chunks and vectors, many videos at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingestion_contract.metrics import Stage
from ingestion_worker.memory.batches import run_in_batches
from ingestion_worker.memory.residency import Residency
from ingestion_worker.models.loaded import Models
from ingestion_worker.output.outcomes import Task
from ingestion_worker.output.transcript import Transcript
from ingestion_worker.output.vectors import VectorSet
from ingestion_worker.telemetry.metrics import Metrics
from ingestion_worker.text import chunking

ENOUGH_VIDEOS = 8
"""So many transcripts are worth a batch, although windows wait: progress is to be seen while a run goes on."""

VIDEOS_AT_ONCE = 64


KEPT_TRANSCRIPTS = 64
"""Transcripts that wait in memory, at most: those behind them are read again, once it is their turn."""


@dataclass(frozen=True)
class _Waiting:
    """A video whose transcript is in memory, or only in the output once its write is done."""

    task: Task
    transcript: Transcript | None
    written: Future[None] | None


class VideoEmbedder:
    """Transcripts that wait for their vectors.

    Args:
        load: reads a video's transcript from the output.
        finished: takes the vectors of a video, and the write of its transcript that must come first.
    """

    def __init__(
        self,
        models: Models,
        residency: Residency,
        metrics: Metrics,
        load: Callable[[Task], Transcript],
        finished: Callable[[Task, VectorSet, Future[None] | None], None],
    ) -> None:
        self._models = models
        self._residency = residency
        self._metrics = metrics
        self._load = load
        self._finished = finished
        self._waiting: list[_Waiting] = []

    @property
    def waiting(self) -> int:
        """How many transcripts wait."""
        return len(self._waiting)

    @property
    def has_enough(self) -> bool:
        """Whether they are worth the device's time now."""
        return len(self._waiting) >= ENOUGH_VIDEOS

    def add(self, task: Task, transcript: Transcript, written: Future[None] | None) -> None:
        """Take a transcript, and its write if that is not done."""
        kept = transcript if len(self._waiting) < KEPT_TRANSCRIPTS else None
        self._waiting.append(_Waiting(task, kept, written))

    def embed(self) -> None:
        """Embed the transcripts that wait, up to 64 at once.

        Raises:
            see `Residency.ensure`.
        """
        some, self._waiting = self._waiting[:VIDEOS_AT_ONCE], self._waiting[VIDEOS_AT_ONCE:]
        self._residency.ensure(Stage.EMBED)
        transcripts = [self._transcript(each) for each in some]
        chunks = [self._chunks(transcript) for transcript in transcripts]
        vectors = self._vectors([chunk.text for own in chunks for chunk in own])
        first = 0
        for each, transcript, own in zip(some, transcripts, chunks, strict=True):
            rows = vectors[first : first + len(own)]
            first += len(own)
            self._finished(each.task, self._vector_set(each.task, transcript, own, rows), each.written)

    def _transcript(self, each: _Waiting) -> Transcript:
        if each.transcript is not None:
            return each.transcript
        if each.written is not None:
            each.written.result()
        return self._load(each.task)

    def _chunks(self, transcript: Transcript) -> list[chunking.Chunk]:
        tokens = self._models.count_tokens([segment.text for segment in transcript.segments])
        return chunking.cut(transcript.segments, tokens, self._models.chunk_tokens)

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a unit vector per text, as an array of shape (texts, dimension)."""
        rows = run_in_batches(texts, self._run, self._residency.pilot(Stage.EMBED))
        return np.stack(rows) if rows else np.zeros((0, self._models.dimension), np.float32)

    def _run(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        with self._metrics.time(Stage.EMBED):
            return list(self._models.embed(texts))

    def _vector_set(
        self, task: Task, transcript: Transcript, chunks: Sequence[chunking.Chunk], rows: NDArray[np.float32]
    ) -> VectorSet:
        return VectorSet(
            video=task.video,
            key=task.key,
            transcript_key=task.transcript_key,
            transcript=transcript,
            chunks=chunks,
            vectors=rows,
            model=self._models.embed_model,
        )
