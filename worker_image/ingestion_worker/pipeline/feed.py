"""Prepares videos ahead of the device, in threads, so that it does not wait for downloads."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, Queue
from threading import Event, Lock, Thread

from ingestion_worker.output.outcomes import Task
from ingestion_worker.pipeline.prepare import Prepared
from ingestion_worker.source.failures import Failure, Verdict, classify

log = logging.getLogger(__name__)

THREADS = 2
AHEAD = 8
"""Videos that wait for the device, at most."""


@dataclass(frozen=True)
class Unusable:
    """A video that could not be prepared."""

    task: Task
    failure: Failure
    detail: str


class Pace:
    """Spaces out the videos that are fetched: an egress budget per hour, which may change at any time."""

    def __init__(self, per_hour: Callable[[], int | None], stop: Event) -> None:
        self._per_hour = per_hour
        self._stop = stop
        self._lock = Lock()
        self._next = 0.0

    def wait(self) -> None:
        """Wait for this caller's turn, or until the work stops."""
        per_hour = self._per_hour()
        if per_hour is None:
            return
        with self._lock:
            turn = max(time.monotonic(), self._next)
            self._next = turn + 3600 / per_hour
        self._stop.wait(max(0.0, turn - time.monotonic()))


class Feed:
    """Videos in about the order of the tasks, prepared by a few threads that stay a little ahead.

    A failure that says nothing of its video stops the feed: what is prepared already still comes out.
    """

    def __init__(self, tasks: Sequence[Task], prepare: Callable[[Task], Prepared], pace: Pace, stop: Event) -> None:
        self._tasks = iter(tasks)
        self._prepare = prepare
        self._pace = pace
        self._stop = stop
        self._broken = Event()
        self._lock = Lock()
        self._queue: Queue[Prepared | Unusable] = Queue(maxsize=AHEAD)
        self._threads = [Thread(target=self._work, name=f"fetch-{n}", daemon=True) for n in range(THREADS)]
        for thread in self._threads:
            thread.start()

    @property
    def exhausted(self) -> bool:
        """Whether nothing more will come."""
        return not any(thread.is_alive() for thread in self._threads) and self._queue.empty()

    def take(self, windows: int, timeout: float) -> list[Prepared | Unusable]:
        """Return what is ready: at least one video within the timeout, and more as long as their windows fit.

        Args:
            windows: what one batch takes; videos with captions do not count.
            timeout: seconds to wait for the first one.
        """
        taken: list[Prepared | Unusable] = []
        filled = 0
        try:
            taken.append(self._queue.get(timeout=timeout))
            while (filled := filled + _windows(taken[-1])) < windows and len(taken) < AHEAD:
                taken.append(self._queue.get_nowait())
        except Empty:
            pass
        return taken

    def windows_waiting(self) -> int:
        """Return the windows that are ready."""
        with self._queue.mutex:
            return sum(_windows(item) for item in self._queue.queue)

    def _work(self) -> None:
        while not self._stop.is_set() and not self._broken.is_set():
            with self._lock:
                task = next(self._tasks, None)
            if task is None:
                return
            self._pace.wait()
            self._queue.put(self._prepared(task))

    def _prepared(self, task: Task) -> Prepared | Unusable:
        try:
            return self._prepare(task)
        except Exception as error:
            failure = classify(error)
            if failure.verdict in (Verdict.BLOCKED, Verdict.LOCAL):
                self._broken.set()
            log.debug("video id=%s cannot be prepared", task.video.id, exc_info=error)
            return Unusable(task, failure, str(error))


def _windows(item: Prepared | Unusable) -> int:
    return len(item.windows) if isinstance(item, Prepared) else 0
