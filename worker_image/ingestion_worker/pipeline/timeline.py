"""Keeps what a worker measured over time, and writes it beside the run's records, for the report."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from threading import Event, Thread
from types import TracebackType
from typing import Self

from ingestion_contract import layout
from ingestion_contract import metrics as names
from ingestion_contract.records import Timeline, TimelineSample
from ingestion_worker.conclusion import StepError
from ingestion_worker.device import Device
from ingestion_worker.output.store import Store
from ingestion_worker.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

MOST_SAMPLES = 720
"""As many as a chart can show; 24 minutes at 2 s, about 400 KiB."""

WRITE_EVERY_SECONDS = 30.0


class TimelineRecorder:
    """Samples a worker's metrics in a thread, and writes them every 30 s and at the end.

    However long an attempt takes, its timeline is bounded: when it is full, pairs of samples become one, and from then
    on samples are taken half as often. It is there for a report: what fails here is logged once and harms nothing.

    Args:
        period_seconds: between samples.
        most_samples: that are kept, at least 2.
    """

    def __init__(
        self,
        store: Store,
        run_uid: str,
        shard: int,
        metrics: Metrics,
        device: Device,
        period_seconds: float = 2.0,
        most_samples: int = MOST_SAMPLES,
    ) -> None:
        self._store = store
        self._path = layout.timeline(run_uid, shard, uuid.uuid4().hex)
        self._shard = shard
        self._metrics = metrics
        self._device = device
        self._period = period_seconds
        self._most = most_samples
        self._samples: list[TimelineSample] = []
        self._ended = Event()
        self._troubled = False
        self._thread = Thread(target=self._record, name="timeline", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()
        self._harmlessly(self._sample)
        self._harmlessly(self._write)

    def _record(self) -> None:
        unwritten = 0.0
        self._harmlessly(self._sample)
        while not self._ended.wait(self._period):
            self._harmlessly(self._sample)
            unwritten += self._period
            if unwritten >= WRITE_EVERY_SECONDS:
                self._harmlessly(self._write)
                unwritten = 0.0

    def _sample(self) -> None:
        self._samples.append(self._metrics.sample())
        if len(self._samples) > self._most:
            self._samples = halved(self._samples)
            self._period *= 2

    def _write(self) -> None:
        self._store.write_record(
            self._path,
            Timeline(
                shard=self._shard,
                device=self._device.name,
                gpu_uuid=self._device.uuid,
                simulated=self._device.simulated,
                floor_bytes=round(self._metrics.registry.get_sample_value(names.FLOOR_MEMORY) or 0),
                stage_threads=dict(self._metrics.stage_threads),
                limiting_stage=self._metrics.limiting_stage,
                samples=self._samples,
            ),
        )

    def _harmlessly(self, act: Callable[[], None]) -> None:
        try:
            act()
        except StepError as error:
            self._log_once(str(error))
        except Exception:
            log.debug("the timeline", exc_info=True)
            self._log_once("an error that nobody expected; -v shows it")

    def _log_once(self, trouble: str) -> None:
        if not self._troubled:
            self._troubled = True
            log.warning("the report will lack a part of this attempt's timeline: %s", trouble)


def halved(samples: Sequence[TimelineSample]) -> list[TimelineSample]:
    """Return half as many samples: each the later one of a pair, with the higher marks of both. The last one stays."""
    pairs = [samples[at : at + 2] for at in range(0, len(samples), 2)]
    return [_merged(pair[0], pair[-1]) for pair in pairs]


def _merged(earlier: TimelineSample, later: TimelineSample) -> TimelineSample:
    return later.model_copy(
        update={
            "own_bytes": max(earlier.own_bytes, later.own_bytes),
            "used_bytes": max(earlier.used_bytes, later.used_bytes),
            "batch": max(earlier.batch, later.batch),
        }
    )
