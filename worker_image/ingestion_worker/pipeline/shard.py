"""The way of a shard's videos through the worker. This thread runs the device; others fetch, decode and write.

fetch -> decode, voice activity, windows, features -> speech recognition -> chunks, vectors -> output
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path

from ingestion_contract.metrics import Result, Stage, WorkerState
from ingestion_contract.records import Checkpoint
from ingestion_contract.spec import Captions, IngestionRun
from ingestion_worker.conclusion import (
    OutputUnavailable,
    PodTooSmall,
    SourceBlocked,
    StepError,
    Stopped,
)
from ingestion_worker.memory.residency import Residency
from ingestion_worker.models.loaded import Models
from ingestion_worker.output import transcripts, vectors
from ingestion_worker.output.outcomes import Outcomes, Task
from ingestion_worker.output.store import Store
from ingestion_worker.output.transcript import Transcript
from ingestion_worker.output.vectors import VectorSet
from ingestion_worker.pipeline.acquire import Acquired, Acquirer
from ingestion_worker.pipeline.committer import Committer
from ingestion_worker.pipeline.embedding import VideoEmbedder
from ingestion_worker.pipeline.events import (
    Answer,
    Audio,
    Begun,
    Broken,
    Event,
    Postponed,
    SectionRead,
    Spoken,
    Unusable,
    WhichLanguage,
)
from ingestion_worker.pipeline.feed import Acquire, Feed, IsOver
from ingestion_worker.pipeline.pace import Pace
from ingestion_worker.pipeline.postponed import PostponedVideos
from ingestion_worker.pipeline.routing import Routing, other_language
from ingestion_worker.pipeline.setting import Setting
from ingestion_worker.pipeline.transcribing import Transcriber
from ingestion_worker.source.failures import Verdict
from ingestion_worker.source.isolation import IsolatedFetcher

log = logging.getLogger(__name__)

TAKE_SECONDS = 0.5
"""How long this thread waits for the source before it says so and looks around."""


class Shard:
    """Ingests videos, and records what becomes of each."""

    def __init__(self, run: IngestionRun, store: Store, outcomes: Outcomes, setting: Setting, scratch: Path) -> None:
        self._run = run
        self._store = store
        self._outcomes = outcomes
        self._setting = setting
        self._metrics = setting.metrics
        self._scratch = scratch
        self._routing = Routing(tuple(run.spec.source.languages), run.spec.transcription)
        hears = run.spec.source.captions is not Captions.ONLY
        self._loaded = self._routing.first_model if hears else run.spec.transcription.models[0]
        self._models = Models(run.spec, setting.device, setting.threads, self._loaded)
        self._residency = Residency(
            self._models, setting.device, setting.limits, setting.metrics, setting.stop, setting.memory_wait_seconds
        )
        self._pace = Pace(lambda: setting.limits.current().videos_per_hour, setting.stop)
        self._committer = Committer(setting.metrics)
        self._transcriber = Transcriber(
            self._models,
            self._residency,
            setting.metrics,
            finished=self._transcribed,
            section=self._save_checkpoint,
            failed=self._not_heard,
        )
        self._embedder = VideoEmbedder(
            self._models, self._residency, setting.metrics, load=self._stored_transcript, finished=self._save_vectors
        )
        self._postponed = PostponedVideos()
        self._fetchers: list[IsolatedFetcher] = []
        self._cut_short: StepError | None = None

    def ingest(self, tasks: Sequence[Task]) -> None:
        """Record an outcome for each task.

        Raises:
            Stopped, SourceBlocked, MemoryExhausted, PodTooSmall, OutputUnavailable, StickyDeviceFault, NodeUnusable,
            ConfigurationError.
        """
        self._check_stop()
        self._residency.ensure(Stage.ASR if self._models.transcribes else Stage.EMBED)
        try:
            self._pass(tasks, self._acquirer)
            while self._postponed and self._cut_short is None:
                self._pass_with_next_model()
            while self._embedder.waiting:
                self._check_stop()
                self._residency.keep_within_budget()
                self._embedder.embed()
        finally:
            self._committer.finish()
        self._check_stop()
        if self._cut_short is not None:
            raise self._cut_short

    def _pass(self, tasks: Sequence[Task], acquirer: Callable[[IsOver], Acquire]) -> None:
        """Take videos through, all that the loaded speech model hears."""
        if self._models.transcribes:
            self._routing.check(self._loaded, self._models.multilingual)
        feed = Feed(tasks, acquirer, self._models.features, self._setting.stop, self._metrics)
        self._watch(feed)
        try:
            while not feed.exhausted:
                self._check_stop()
                self._committer.check()
                self._turn(feed)
        finally:
            feed.close()
            while self._fetchers:
                self._fetchers.pop().close()

    def _turn(self, feed: Feed) -> None:
        """Do the next thing for the device."""
        self._residency.keep_within_budget()
        embeds = self._embedder.waiting and not self._residency.two_passes
        taken = feed.inbox.take(self._residency.allowed_batch(), 0.0 if embeds else TAKE_SECONDS)
        busy = bool(taken.windows or embeds)
        self._metrics.set_state(WorkerState.WORKING if busy else WorkerState.WAITING_FOR_SOURCE)
        for event in taken.events:
            self._handle(event)
        if taken.windows:
            self._transcriber.hear(taken.windows)
        if embeds and (self._embedder.has_enough or not (taken.windows or taken.events)):
            self._embedder.embed()

    def _pass_with_next_model(self) -> None:
        """Load the speech model of videos that were postponed, and take those through."""
        model, tasks, kept = self._postponed.pop()
        log.info("speech model %s for %d videos", model.model, len(tasks))
        self._residency.switch(model)
        self._loaded = model
        self._residency.ensure(Stage.ASR)
        self._pass(tasks, lambda over: partial(_kept_or, kept, self._acquirer(over)))

    def _acquirer(self, over: IsOver) -> Acquirer:
        turn = partial(self._pace.wait, over)
        heard = self._postponed.languages
        return Acquirer(self._store, self._fetcher(), self._scratch, self._routing, self._loaded, turn, heard)

    def _fetcher(self) -> IsolatedFetcher:
        """Return a fetcher for a thread of the feed; it ends with the pass."""
        source, setting = self._run.spec.source, self._setting
        fetcher = IsolatedFetcher(source, self._scratch, setting.cookies, setting.rules)
        self._fetchers.append(fetcher)
        return fetcher

    def _watch(self, feed: Feed) -> None:
        self._metrics.watch_stages(
            {
                Stage.DECODE: lambda: feed.files_waiting,
                Stage.ASR: lambda: feed.inbox.windows_waiting,
                Stage.EMBED: lambda: self._embedder.waiting,
                Stage.COMMIT: lambda: self._committer.waiting,
            },
            {Stage.FETCH: len(feed.fetchers), Stage.DECODE: len(feed.decoders), Stage.COMMIT: self._committer.threads},
        )

    def _handle(self, event: Event) -> None:
        match event:
            case Spoken():
                self._spoken(event)
            case Begun():
                self._transcriber.begin(event.audio)
            case SectionRead():
                self._transcriber.end_section(event.task, event.end)
            case WhichLanguage():
                event.answer.put(self._answer(event))
            case Postponed():
                self._postponed.add(event.audio, event.model)
            case Unusable():
                self._transcriber.drop(event.task)
                self._record_unusable(event)
            case Broken():
                self._cut_short = event.error

    def _spoken(self, event: Spoken) -> None:
        if event.stored:
            self._embedder.add(event.task, event.transcript, None)
        else:
            self._transcribed(event.task, event.transcript)

    def _transcribed(self, task: Task, transcript: Transcript) -> None:
        """Write a transcript, and let it be embedded."""
        write = partial(transcripts.save, self._store, task.transcript_key, task.video, transcript)
        self._embedder.add(task, transcript, self._committer.submit(write))

    def _save_checkpoint(self, task: Task, checkpoint: Checkpoint) -> None:
        self._committer.submit(partial(transcripts.save_checkpoint, self._store, task.transcript_key, checkpoint))

    def _save_vectors(self, task: Task, made: VectorSet, after: Future[None] | None) -> None:
        def write() -> None:
            vectors.save(self._store, made)
            self._outcomes.record(task, Result.SUCCEEDED, audio_seconds=made.transcript.audio_seconds)

        self._committer.submit(write, after)

    def _stored_transcript(self, task: Task) -> Transcript:
        transcript = transcripts.load(self._store, task.transcript_key)
        if transcript is None:
            raise OutputUnavailable(f"the transcript of {task.video.id} does not read back as it was written")
        return transcript

    def _give_up(self, task: Task, result: Result, reason: str, detail: str) -> None:
        self._committer.submit(partial(self._outcomes.give_up, task, result, reason, detail))

    def _not_heard(self, task: Task, detail: str) -> None:
        self._give_up(task, Result.FAILED, "TranscriptionFailed", detail)

    def _answer(self, question: WhichLanguage) -> Answer:
        """Hear a video's language, and say what becomes of the video."""
        task = question.audio.task
        language = self._transcriber.language(task, question.window)
        if language is None:
            return Answer(None)
        if not self._routing.accepts(language):
            error = other_language(language, self._routing, "the speech model says that")
            self._transcriber.drop(task)
            self._give_up(task, Result.SKIPPED, error.reason, str(error))
            return Answer(None)
        model = self._routing.model_for(language)
        if model != self._loaded:
            self._transcriber.drop(task)
            self._postponed.add(replace(question.audio, language=language), model)
            return Answer(None, keep_file=True)
        self._transcriber.name_language(task, language)
        return Answer(language)

    def _record_unusable(self, item: Unusable) -> None:
        reason = item.failure.reason
        match item.failure.verdict:
            case Verdict.BLOCKED:
                log.warning("blocked id=%s %s", item.task.video.id, item.detail)
                self._cut_short = SourceBlocked("the source blocks this address; what was fetched is committed")
            case Verdict.LOCAL:
                self._cut_short = PodTooSmall(
                    f"this pod cannot prepare {item.task.video.id} ({reason}): {item.detail}; give it more disk at "
                    f"{self._scratch.parent}, or more memory in spec.workers.resources"
                )
            case Verdict.PERMANENT | Verdict.DEFERRED:
                self._give_up(item.task, Result.SKIPPED, reason, item.detail)
            case Verdict.TRANSIENT:
                self._give_up(item.task, Result.FAILED, reason, item.detail)

    def _check_stop(self) -> None:
        if self._setting.stop.is_set():
            raise Stopped("asked to stop; finished videos are committed")


def _kept_or(kept: Mapping[str, Audio], acquirer: Acquirer, task: Task) -> Acquired | None:
    """Return a file that was kept from an earlier pass, or acquire the video anew."""
    audio = kept.get(task.key)
    return acquirer(task) if audio is None else audio
