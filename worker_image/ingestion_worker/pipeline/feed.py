"""Prepares videos ahead of the device, which waits for neither: some threads fetch, others decode."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, suppress
from queue import Empty, Full, Queue
from threading import Event as Flag
from threading import Lock, Thread

from ingestion_contract.metrics import Stage
from ingestion_worker.conclusion import StepError
from ingestion_worker.media.decoder import Decoder
from ingestion_worker.media.features import FeatureSettings
from ingestion_worker.media.sections import SectionEnd, Window
from ingestion_worker.output.outcomes import Task
from ingestion_worker.pipeline.acquire import Acquired
from ingestion_worker.pipeline.assembly import resume_at
from ingestion_worker.pipeline.events import Audio, Broken, Unusable
from ingestion_worker.pipeline.handover import hand_over
from ingestion_worker.pipeline.inbox import Inbox
from ingestion_worker.source.failures import Verdict, classify
from ingestion_worker.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

FETCHERS = 4
AHEAD = 4
"""Files that wait for a decoder, at most."""

LOOK_SECONDS = 0.2
"""How often a thread that waits looks whether the work has stopped."""

Acquire = Callable[[Task], Acquired | None]
"""Gets hold of a video; None if the feed was over before its source was asked."""

IsOver = Callable[[], bool]


def decoders() -> int:
    """Return how many decoders are worth running here: each keeps up with 200 times real time."""
    return max(1, min(8, len(os.sched_getaffinity(0)) // 2))


class Feed:
    """Videos in about the order of the tasks, in an inbox, from threads that stay a little ahead.

    A failure that says nothing of its video stops the feed: what is prepared already still comes out.

    Args:
        acquire: makes the function that a fetching thread calls for each task, see `acquire.Acquirer`; it is told how
            to see whether the feed is over.
        settings: of the speech model's features.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        acquire: Callable[[IsOver], Acquire],
        settings: FeatureSettings,
        stop: Flag,
        metrics: Metrics,
    ) -> None:
        self.inbox = Inbox()
        self._tasks = iter(tasks)
        self._acquire = acquire
        self._settings = settings
        self._stop = stop
        self._metrics = metrics
        self._ended = Flag()
        self._lock = Lock()
        self._files: Queue[Audio] = Queue(maxsize=AHEAD)
        self.fetchers = [Thread(target=self._fetch, name=f"fetch-{n}", daemon=True) for n in range(FETCHERS)]
        self.decoders = [Thread(target=self._decode, name=f"decode-{n}", daemon=True) for n in range(decoders())]
        for thread in (*self.fetchers, *self.decoders):
            thread.start()

    @property
    def exhausted(self) -> bool:
        """Whether nothing more will come, and all was taken."""
        return not any(thread.is_alive() for thread in (*self.fetchers, *self.decoders)) and self.inbox.empty

    @property
    def files_waiting(self) -> int:
        """How many files wait for a decoder."""
        return self._files.qsize()

    def close(self) -> None:
        """Stop preparing; what is under way in other threads comes to its end by itself, or by that of its fetcher."""
        self._ended.set()
        self.inbox.close()

    def _is_over(self) -> bool:
        return self._stop.is_set() or self._ended.is_set()

    def _fetch(self) -> None:
        try:
            acquire = self._acquire(self._is_over)
        except StepError as error:
            self._break(error)
            return
        while not self._is_over():
            with self._lock:
                task = next(self._tasks, None)
            if task is None:
                return
            with self._metrics.time(Stage.FETCH):
                acquired = self._acquired(acquire, task)
            if isinstance(acquired, Audio):
                self._hand_over(acquired)
            elif acquired is not None:
                self.inbox.put(acquired)

    def _break(self, error: StepError) -> None:
        self._ended.set()
        self.inbox.put(Broken(error))

    def _acquired(self, acquire: Acquire, task: Task) -> Acquired | Unusable | None:
        try:
            return acquire(task)
        except StepError as error:
            self._break(error)
            return None
        except Exception as error:
            log.debug("video id=%s cannot be fetched", task.video.id, exc_info=error)
            return self._unusable(task, error)

    def _unusable(self, task: Task, error: Exception) -> Unusable:
        failure = classify(error)
        if failure.verdict in (Verdict.BLOCKED, Verdict.LOCAL):
            self._ended.set()
        return Unusable(task, failure, str(error))

    def _hand_over(self, audio: Audio) -> None:
        while not self._stop.is_set():
            with suppress(Full):
                self._files.put(audio, timeout=LOOK_SECONDS)
                return

    def _decode(self) -> None:
        decoder = Decoder()
        try:
            while (audio := self._next_file()) is not None:
                try:
                    events = decoder.read(audio.path, self._settings, resume_at(audio.checkpoints))
                    hand_over(self.inbox, audio, self._timed(events), self._stop)
                except StepError as error:
                    self._break(error)
                except Exception as error:
                    log.debug("video id=%s cannot be decoded", audio.task.video.id, exc_info=error)
                    self.inbox.put(self._unusable(audio.task, error))
                    audio.path.unlink(missing_ok=True)
        finally:
            decoder.close()

    def _next_file(self) -> Audio | None:
        """Return the next file; None once no more will come. What was fetched is used, though the feed has ended."""
        while not self._stop.is_set():
            fetching = any(thread.is_alive() for thread in self.fetchers)
            try:
                return self._files.get(timeout=LOOK_SECONDS)
            except Empty:
                if not fetching:
                    return None
        return None

    def _timed(self, events: Generator[Window | SectionEnd]) -> Generator[Window | SectionEnd]:
        """Yield the events; the time that the decoder takes for them counts as the stage's, not that of the reader."""
        with closing(events):
            while True:
                with self._metrics.time(Stage.DECODE):
                    event = next(events, None)
                if event is None:
                    return
                yield event
