"""One task per active run, woken by what happens to it, or by the interval at which its workers are read."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import random
import time
from collections.abc import Mapping
from typing import Any

import aiohttp

from ingestion_contract.identity import RUN_UID_LABEL
from ingestion_operator.clock import Clock
from ingestion_operator.decision.snapshot import Snapshot
from ingestion_operator.kube import ApiError, Conflict, Kube, NotFound
from ingestion_operator.observe.cache import Cache
from ingestion_operator.observe.scrape import Scraper
from ingestion_operator.observe.vanished import vanished
from ingestion_operator.reconciler import Look, Reconciler, Settings
from ingestion_operator.resources import RUNS
from ingestion_operator.run_log import RunLog
from ingestion_operator.telemetry.collector import RunsCollector
from ingestion_operator.telemetry.names import ErrorKind
from ingestion_operator.telemetry.readings import SeenRun

_logger = logging.getLogger(__name__)

DEBOUNCE_SECONDS = 0.1
"""Events come in bursts; one look sees all of a burst."""
CONFLICT_RETRY_SECONDS = 0.2
LONGEST_BACK_OFF_SECONDS = 60.0
MOST_DOUBLINGS = 10
"""Of the pause between two failures; far more of them, as in a day without an API server, would give no number."""
READ_AGAIN_SECONDS = 20.0
"""Over which the requests are spread that a watch that has begun anew makes necessary."""

Raw = Mapping[str, Any]


class Controller:
    """Keeps what the watches show, and drives the runs."""

    def __init__(self, kube: Kube, scraper: Scraper, settings: Settings, clock: Clock) -> None:
        self._kube = kube
        self._scraper = scraper
        self._settings = settings
        self._clock = clock
        self._cache = Cache()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._wakes: dict[str, asyncio.Event] = {}
        self._reconcilers: dict[str, Reconciler] = {}
        self._looking_since: dict[str, float] = {}
        self._reading_until = 0.0
        self._metrics = settings.metrics
        self._metrics.watch_longest_look(lambda: self.longest_look_seconds)
        self._metrics.registry.register(RunsCollector(self.seen_runs, clock))

    def see_run(self, raw: Raw) -> None:
        """Take note of a run that is there."""
        if self._cache.runs.put(raw):
            self._wake(raw["metadata"]["uid"])

    def see_job(self, raw: Raw) -> None:
        """Take note of a Job of a run."""
        run_uid = _run_uid(raw)
        if self._cache.put_job(run_uid, raw):
            self._wake(run_uid)

    def see_pod(self, raw: Raw) -> None:
        """Take note of a pod of a run."""
        run_uid = _run_uid(raw)
        if self._cache.put_pod(run_uid, raw):
            self._wake(run_uid)

    def lose_run(self, raw: Raw) -> None:
        """Take note that a run is gone."""
        uid = raw["metadata"]["uid"]
        self._cache.forget(uid)
        self._wake(uid)

    def lose_job(self, raw: Raw) -> None:
        """Take note that a Job of a run is gone."""
        self._cache.drop_job(_run_uid(raw), raw["metadata"]["uid"])
        self._wake(_run_uid(raw))

    def lose_pod(self, raw: Raw) -> None:
        """Take note that a pod of a run is gone."""
        self._cache.drop_pod(_run_uid(raw), raw)
        self._wake(_run_uid(raw))

    def read_all_again(self) -> None:
        """Read again what every run has: a watch has begun anew, and nobody tells what went while it was cut off.

        Spread over a time, in which further calls change nothing.
        """
        if time.monotonic() < self._reading_until:
            return
        self._reading_until = time.monotonic() + READ_AGAIN_SECONDS
        loop = asyncio.get_running_loop()
        for run_uid in self._reconcilers:
            loop.call_later(random.uniform(0, READ_AGAIN_SECONDS), self._read_and_wake, run_uid)

    @property
    def active_runs(self) -> int:
        """Runs that have not ended."""
        return len(self._tasks)

    def seen_runs(self) -> list[SeenRun]:
        """Return all runs that there are, as they are known now; safe to be called from any thread."""
        return [SeenRun(run, self._snapshot(run.uid)) for run in self._cache.runs.all()]

    @property
    def longest_look_seconds(self) -> float:
        """How long the longest of the looks that go on now has taken."""
        now = time.monotonic()
        return max((now - since for since in tuple(self._looking_since.values())), default=0.0)

    async def forget_vanished(self) -> None:
        """Forget the runs that are gone though no watch has told; what cannot be read is left for the next time."""
        try:
            gone = await vanished(self._kube, self._cache.runs)
        except (ApiError, aiohttp.ClientError, TimeoutError) as problem:
            self._metrics.count_error(ErrorKind.API_SERVER)
            _logger.warning("which runs are gone cannot be read: %r", problem)
            return
        except Exception:
            self._metrics.count_error(ErrorKind.INTERNAL)
            _logger.exception("which runs are gone cannot be read")
            return
        for uid in gone:
            self._cache.forget(uid)
            self._wake(uid)

    async def stop(self) -> None:
        """End all tasks."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _read_and_wake(self, run_uid: str) -> None:
        reconciler = self._reconcilers.get(run_uid)
        if reconciler is not None:
            reconciler.read_again()
            self._wake(run_uid)

    def _wake(self, run_uid: str) -> None:
        if run_uid in self._tasks:
            self._wakes[run_uid].set()
        elif self._cache.runs.get(run_uid) is not None:
            self._wakes[run_uid] = asyncio.Event()
            # In a context of its own: in that of kopf's handler, the task would keep the object that the handler was
            # told of, and kopf's views of it, for as long as the run is active.
            self._tasks[run_uid] = asyncio.create_task(
                self._drive(run_uid), name=f"run-{run_uid}", context=contextvars.Context()
            )

    async def _drive(self, run_uid: str) -> None:
        wake = self._wakes[run_uid]
        reconciler = Reconciler(run_uid, self._cache, self._kube, self._scraper, self._settings, self._clock)
        self._reconcilers[run_uid] = reconciler
        failures = 0
        try:
            while True:
                wake.clear()
                look, failures = await self._look(run_uid, reconciler, failures)
                if look.ended and not wake.is_set():
                    return
                # Not `wait_for`: in Python 3.11 it loses a cancellation that meets the wake, and stopping would hang.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(look.again_after):
                        await wake.wait()
                await asyncio.sleep(DEBOUNCE_SECONDS)
        finally:
            del self._tasks[run_uid], self._wakes[run_uid], self._reconcilers[run_uid]

    def _snapshot(self, run_uid: str) -> Snapshot | None:
        reconciler = self._reconcilers.get(run_uid)
        return reconciler.seen if reconciler is not None else None

    def _log(self, run_uid: str) -> RunLog:
        known = self._cache.runs.get(run_uid)
        namespace, name = (known.namespace, known.name) if known is not None else ("", run_uid)
        return RunLog(_logger, namespace, name)

    async def _look(self, run_uid: str, reconciler: Reconciler, failures: int) -> tuple[Look, int]:
        """Look at a run; a failure is logged and tried again later, and never ends the task."""
        log = self._log(run_uid)
        self._looking_since[run_uid] = time.monotonic()
        try:
            return await self._look_or_read_again(run_uid, reconciler), 0
        except (ApiError, aiohttp.ClientError, TimeoutError) as problem:
            self._metrics.count_error(ErrorKind.API_SERVER)
            log.warning("the API server does not answer well: %r", problem)
        except Exception:
            self._metrics.count_error(ErrorKind.INTERNAL)
            log.exception("could not be looked at")
        finally:
            del self._looking_since[run_uid]
        return Look(_back_off(failures)), failures + 1

    async def _look_or_read_again(self, run_uid: str, reconciler: Reconciler) -> Look:
        started = time.monotonic()
        try:
            look = await reconciler.look()
        except (Conflict, NotFound) as problem:
            self._metrics.count_error(ErrorKind.CONFLICT)
            self._log(run_uid).debug("read again, since %s", problem)
            reconciler.read_again()
            await self._read_again(run_uid)
            return Look(CONFLICT_RETRY_SECONDS)
        self._metrics.count_look(time.monotonic() - started)
        return look

    async def _read_again(self, run_uid: str) -> None:
        """Read a run whose version in the cache was refused; another run of its name means that it is gone."""
        known = self._cache.runs.get(run_uid)
        if known is None:
            return
        try:
            found = await self._kube.get(RUNS, known.namespace, known.name)
        except NotFound:
            found = None
        if found is None or found["metadata"]["uid"] != run_uid:
            self._cache.forget(run_uid)
        else:
            self._cache.runs.put(found)


def _back_off(failures: int) -> float:
    """Return the pause after so many failures before this one: doubling, bounded, and spread out by chance."""
    return min(LONGEST_BACK_OFF_SECONDS, 2.0 ** min(failures, MOST_DOUBLINGS)) * random.uniform(0.5, 1.0)


def _run_uid(raw: Raw) -> str:
    uid: str = raw["metadata"]["labels"][RUN_UID_LABEL]
    return uid
