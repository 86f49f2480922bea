"""The main step of a run: ingests the videos of one shard."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import numpy as np
from numpy.typing import NDArray

from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.metrics import Result, Stage, WorkerState
from ingestion_contract.spec import IngestionRun
from ingestion_worker.device import Device
from ingestion_worker.device.errors import OutOfDeviceMemory
from ingestion_worker.memory.batches import run_in_batches
from ingestion_worker.memory.limits_file import LimitsFile
from ingestion_worker.memory.residency import Residency
from ingestion_worker.models import libraries
from ingestion_worker.models.asr import Window
from ingestion_worker.models.embed import ENCODE_BATCH
from ingestion_worker.models.loaded import Models
from ingestion_worker.output import video_list
from ingestion_worker.output.commit import FinishedVideo, commit
from ingestion_worker.output.keys import video_key
from ingestion_worker.output.outcomes import Outcomes, Task
from ingestion_worker.output.store import Store
from ingestion_worker.output.transcript import Segment, Transcript, TranscriptSource
from ingestion_worker.pipeline.feed import Feed, Pace, Unusable
from ingestion_worker.pipeline.prepare import Prepared, Preparer
from ingestion_worker.source.failures import Verdict
from ingestion_worker.source.fetch import Fetcher
from ingestion_worker.steps.conclusion import (
    Conclusion,
    ConfigurationError,
    MemoryExhausted,
    PodTooSmall,
    SourceBlocked,
    StepError,
    Stopped,
)
from ingestion_worker.telemetry.metrics import Metrics
from ingestion_worker.text import chunking

log = logging.getLogger(__name__)

TAKE_SECONDS = 0.5
"""How long the loop waits for the source before it says so and looks around."""


@dataclass(frozen=True)
class Setting:
    """Where and how a worker works.

    Attributes:
        cookies: a cookies.txt, or None.
        scratch: a folder for downloads.
        threads: CPU threads that the models' libraries may use.
        memory_wait_seconds: how long room on the device is waited for.
    """

    device: Device
    metrics: Metrics
    limits: LimitsFile
    stop: Event
    cookies: Path | None
    scratch: Path
    threads: int
    memory_wait_seconds: float


def work(run: IngestionRun, store: Store, shard: int, setting: Setting) -> Conclusion:
    """Ingest the videos of a shard that are not there yet.

    Returns:
        exit code 0 only if every video of the shard has a recorded outcome; else the code that says why not, with the
        totals so far.

    Raises:
        StepError: this node or this configuration does not work.
    """
    libraries.prepare(setting.threads)
    tasks = _tasks(run, store, shard)
    outcomes = Outcomes(store, run.metadata.uid, shard, tasks, setting.metrics)
    to_do = outcomes.take_over()
    log.info("shard=%d videos=%d to_do=%d device=%s", shard, len(tasks), len(to_do), setting.device.name)
    try:
        if to_do:
            _Shard(run, store, outcomes, setting).ingest(to_do)
    except (Stopped, SourceBlocked, MemoryExhausted) as end:
        if outcomes.missing:
            log.warning("%s", end)
            report = end.report if isinstance(end, MemoryExhausted) else None
            return Conclusion(end.code, outcomes.summary(report))
    if outcomes.missing:
        raise RuntimeError(f"the loop ended without an outcome for {[task.video.id for task in outcomes.missing]}")
    return Conclusion(ExitCode.DONE, outcomes.summary())


def _tasks(run: IngestionRun, store: Store, shard: int) -> list[Task]:
    listed = video_list.read(store, run.metadata.uid)
    if listed is None:
        raise ConfigurationError(
            f"{store.uri} holds no list of the run {run.metadata.uid}: run `ingest discover` first"
        )
    if not 0 <= shard < len(listed.shards):
        raise ConfigurationError(f"there is no shard {shard}: the run has {len(listed.shards)} shards, from 0")
    videos = [listed.videos[position] for position in listed.shards[shard]]
    return [Task(video, video_key(video, run.spec)) for video in videos]


class _Shard:
    """The loop: takes what is ready, fills batches from several videos, and commits each video."""

    def __init__(self, run: IngestionRun, store: Store, outcomes: Outcomes, setting: Setting) -> None:
        self._run = run
        self._store = store
        self._outcomes = outcomes
        self._setting = setting
        self._metrics = setting.metrics
        self._models = Models(run.spec, setting.device, setting.threads)
        self._residency = Residency(
            self._models, setting.device, setting.limits, setting.metrics, setting.stop, setting.memory_wait_seconds
        )
        self._cut_short: StepError | None = None

    def ingest(self, tasks: Sequence[Task]) -> None:
        """Record an outcome for each task.

        Raises:
            Stopped, SourceBlocked, MemoryExhausted, PodTooSmall, OutputUnavailable, StickyDeviceFault, NodeUnusable,
            ConfigurationError.
        """
        self._check_stop()
        self._residency.ensure()
        folder = self._setting.scratch
        with TemporaryDirectory(dir=folder, prefix="ingest-", ignore_cleanup_errors=True) as scratch:
            feed = self._feed(tasks, Path(scratch))
            self._metrics.windows_waiting.set_function(feed.windows_waiting)
            while not feed.exhausted:
                self._check_stop()
                ready = feed.take(self._residency.allowed_batch(), TAKE_SECONDS)
                self._metrics.set_state(WorkerState.WORKING if ready else WorkerState.WAITING_FOR_SOURCE)
                self._record_unusable([item for item in ready if isinstance(item, Unusable)])
                self._ingest_group([item for item in ready if isinstance(item, Prepared)])
        self._check_stop()
        if self._cut_short is not None:
            raise self._cut_short

    def _feed(self, tasks: Sequence[Task], scratch: Path) -> Feed:
        source = self._run.spec.source
        preparer = Preparer(lambda: Fetcher(source, scratch, self._setting.cookies), self._metrics)
        pace = Pace(lambda: self._setting.limits.current().videos_per_hour, self._setting.stop)
        return Feed(tasks, preparer, pace, self._setting.stop)

    def _record_unusable(self, unusable: Sequence[Unusable]) -> None:
        for item in unusable:
            reason = item.failure.reason
            match item.failure.verdict:
                case Verdict.BLOCKED:
                    log.warning("blocked id=%s %s", item.task.video.id, item.detail)
                    self._cut_short = SourceBlocked("the source blocks this address; what was fetched is committed")
                case Verdict.LOCAL:
                    self._cut_short = PodTooSmall(
                        f"this pod cannot prepare {item.task.video.id} ({reason}): {item.detail}; give it more disk "
                        f"at {self._setting.scratch}, or more memory in spec.workers.resources"
                    )
                case Verdict.PERMANENT:
                    self._outcomes.give_up(item.task, Result.SKIPPED, reason, item.detail)
                case Verdict.TRANSIENT:
                    self._outcomes.give_up(item.task, Result.FAILED, reason, item.detail)

    def _ingest_group(self, group: Sequence[Prepared]) -> None:
        """Transcribe, embed and commit a few videos together."""
        if not group:
            return
        self._residency.keep_within_budget()
        transcripts = self._transcripts(group)
        chunks = [self._chunks(transcript) for transcript in transcripts]
        texts = [chunk.text for video_chunks in chunks for chunk in video_chunks]
        vectors = self._vectors(texts)
        first = 0
        for item, transcript, video_chunks in zip(group, transcripts, chunks, strict=True):
            own = vectors[first : first + len(video_chunks)]
            first += len(video_chunks)
            self._commit(FinishedVideo(item.task.video, item.task.key, transcript, video_chunks, own), item)

    def _transcripts(self, group: Sequence[Prepared]) -> list[Transcript]:
        windows = [window for item in group for window in item.windows]
        results = iter(run_in_batches(windows, self._transcribe, _WindowPilot(self._residency, self._check_stop)))
        transcripts = []
        for item in group:
            segments = [segment for _ in item.windows for segment in next(results)]
            transcripts.append(item.captions or self._transcript(segments, item.audio_seconds))
        return transcripts

    def _transcribe(self, windows: Sequence[Window]) -> list[list[Segment]]:
        with self._metrics.time(Stage.ASR):
            return self._models.transcribe(windows)

    def _transcript(self, segments: Sequence[Segment], audio_seconds: float) -> Transcript:
        self._metrics.count_audio(audio_seconds)
        return Transcript(TranscriptSource.ASR, self._models.language, tuple(segments), audio_seconds)

    def _chunks(self, transcript: Transcript) -> list[chunking.Chunk]:
        tokens = self._models.count_tokens([segment.text for segment in transcript.segments])
        return chunking.cut(transcript.segments, tokens, self._run.spec.embedding.chunk_tokens)

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a unit vector per text, as an array of shape (texts, dimension)."""
        rows = run_in_batches(texts, self._embed, _TextPilot(self._residency, self._check_stop))
        return np.stack(rows) if rows else np.zeros((0, self._models.dimension), np.float32)

    def _embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        with self._metrics.time(Stage.EMBED):
            return list(self._models.embed(texts))

    def _commit(self, finished: FinishedVideo, item: Prepared) -> None:
        with self._metrics.time(Stage.COMMIT):
            commit(self._store, finished, self._models.names)
        self._outcomes.record(item.task, Result.SUCCEEDED, audio_seconds=item.audio_seconds)

    def _check_stop(self) -> None:
        if self._setting.stop.is_set():
            raise Stopped("asked to stop; finished videos are committed")


class _WindowPilot:
    """The governor's law decides on batches of windows."""

    def __init__(self, residency: Residency, check_stop: Callable[[], None]) -> None:
        self._residency = residency
        self._check_stop = check_stop

    def allowed(self) -> int:
        self._check_stop()
        return self._residency.allowed_batch()

    def worked(self, batch: int) -> None:
        self._residency.batch_worked(batch)

    def failed(self, error: OutOfDeviceMemory, batch: int) -> None:
        self._residency.batch_failed(error, batch)


class _TextPilot(_WindowPilot):
    """Texts are short beside the embedder: their batches only shrink when memory runs out."""

    def allowed(self) -> int:
        self._check_stop()
        return ENCODE_BATCH

    def worked(self, batch: int) -> None:
        self._residency.made_progress()
