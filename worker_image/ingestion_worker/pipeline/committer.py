"""Writes to the output in threads of its own: object storage takes its time, and the device shall not wait for it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore, Lock

from ingestion_contract.metrics import Stage
from ingestion_worker.telemetry.metrics import Metrics

THREADS = 4
AHEAD = 32
"""Writes that wait, at most; who submits more waits."""


class Committer:
    """Takes writes, and says if one has failed: then the work cannot go on."""

    threads = THREADS

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="commit")
        self._room = BoundedSemaphore(AHEAD)
        self._lock = Lock()
        self._failure: BaseException | None = None
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """Writes that are not done."""
        return self._waiting

    def submit(self, write: Callable[[], object], after: Future[None] | None = None) -> Future[None]:
        """Let something be written, once an earlier write is done.

        Raises:
            OutputUnavailable: an earlier write has failed.
        """
        self.check()
        self._room.acquire()
        self._count(1)
        return self._pool.submit(self._write, write, after)

    def check(self) -> None:
        """Raise the first failure.

        Raises:
            OutputUnavailable: the storage refused a write.
        """
        if self._failure is not None:
            raise self._failure

    def finish(self) -> None:
        """Wait until all is written.

        Raises:
            OutputUnavailable: the storage refused a write.
        """
        self._pool.shutdown(wait=True)
        self.check()

    def _write(self, write: Callable[[], object], after: Future[None] | None) -> None:
        try:
            if after is not None:
                after.result()
            with self._metrics.time(Stage.COMMIT):
                write()
        except BaseException as error:
            with self._lock:
                self._failure = self._failure or error
            raise
        finally:
            self._count(-1)
            self._room.release()

    def _count(self, by: int) -> None:
        with self._lock:
            self._waiting += by
