"""The worker's metrics, under the names of the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from threading import Event

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from ingestion_contract import metrics as names
from ingestion_contract.metrics import OomKind, Result, Stage, WorkerState
from ingestion_contract.records import TimelineSample
from ingestion_worker.device import Device
from ingestion_worker.telemetry.limiting import limiting_stage

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]

_STAGE_BUCKETS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)


class Metrics:
    """The metrics of one worker process. State and device are looked at when they are scraped."""

    def __init__(self, device: Device, stop: Event) -> None:
        registry = CollectorRegistry()
        self.registry = registry
        self._device = device
        self._stop = stop
        self._state = WorkerState.STARTING
        self._short_of_memory = False
        self._videos = Counter(names.VIDEOS, "Videos with a recorded outcome.", ["result", "reason"], registry=registry)
        self._oom = Counter(names.OOM_EVENTS, "Device out-of-memory errors.", ["stage", "kind"], registry=registry)
        self._audio = Counter(names.AUDIO_SECONDS, "Audio transcribed, in seconds.", registry=registry)
        self._stages = Histogram(
            names.STAGE_SECONDS, "Wall time of a stage.", ["stage"], registry=registry, buckets=_STAGE_BUCKETS
        )
        self.batch_size = Gauge(names.BATCH_SIZE, "Windows in the latest batch.", registry=registry)
        self.batch_ceiling = Gauge(names.BATCH_CEILING, "Largest batch allowed now.", registry=registry)
        self.floor = Gauge(names.FLOOR_MEMORY, "Models and a batch of one, in bytes.", registry=registry)
        self.window_memory = Gauge(
            names.WINDOW_MEMORY, "What each window of a batch adds, in bytes.", registry=registry
        )
        self.batch_overhead = Gauge(
            names.BATCH_OVERHEAD, "Time of a batch whatever its size, in windows.", registry=registry
        )
        self.limits_revision = Gauge(names.LIMITS_REVISION, "Limits applied.", registry=registry)
        self._stage_threads: Mapping[Stage, int] = {}
        self._waiting: Mapping[Stage, Callable[[], int]] = {}
        self._watch_state(registry)
        self._watch_device(registry)
        self._declare_stages(registry)

    @property
    def state(self) -> WorkerState:
        """What the worker does now; once it is asked to stop, nothing else."""
        return WorkerState.STOPPING if self._stop.is_set() else self._state

    @property
    def ready(self) -> bool:
        """Whether the worker is worth keeping: not from when it lacks memory until it works again, nor while it stops.

        Kubernetes removes the pods that are not ready first. One that loads its models for the first time may fit yet.
        """
        return not self._short_of_memory and not self._stop.is_set()

    @property
    def oom_events(self) -> int:
        """Device out-of-memory errors of this process."""
        return round(sum(_samples(self._oom).values()))

    @property
    def stage_threads(self) -> Mapping[Stage, int]:
        """How many threads each stage has; 1 where nothing is said."""
        return self._stage_threads

    @property
    def stage_seconds(self) -> dict[Stage, float]:
        """How long each stage was busy, in seconds, summed over its threads."""
        samples = _samples(self._stages)
        return {stage: samples.get((f"{names.STAGE_SECONDS}_sum", stage.value), 0.0) for stage in Stage}

    @property
    def limiting_stage(self) -> Stage | None:
        """The stage that the others wait for, None as long as nothing was done."""
        return limiting_stage(self.stage_seconds, self._stage_threads)

    def sample(self) -> TimelineSample:
        """Return what is measured now, for the report."""
        memory = self._device.memory()
        utilisation = self._device.utilisation()
        return TimelineSample(
            at=datetime.now(UTC),
            state=self.state,
            videos=round(sum(_samples(self._videos).values())),
            audio_seconds=sum(_samples(self._audio).values()),
            oom_events=self.oom_events,
            batch=round(sum(_samples(self.batch_size).values())),
            batch_ceiling=round(sum(_samples(self.batch_ceiling).values())),
            own_bytes=0 if memory is None else memory.own,
            used_bytes=0 if memory is None else memory.used,
            total_bytes=0 if memory is None else memory.total,
            utilisation_percent=None if utilisation is None else 100 * utilisation,
            stage_seconds=self.stage_seconds,
            waiting={stage: self._waiting_at(stage) for stage in Stage},
        )

    def watch_stages(self, waiting: Mapping[Stage, Callable[[], int]], threads: Mapping[Stage, int]) -> None:
        """Look at how many items wait in front of each stage, and know how many threads it has."""
        self._waiting = waiting
        self._stage_threads = threads

    def set_state(self, state: WorkerState) -> None:
        """Say what the worker does now."""
        self._state = state
        if state is not WorkerState.STARTING:
            self._short_of_memory = state is WorkerState.WAITING_FOR_MEMORY

    def count_video(self, result: Result, reason: str) -> None:
        """Count a recorded outcome."""
        self._videos.labels(result, reason).inc()

    def count_oom(self, stage: Stage, kind: OomKind) -> None:
        """Count a device out-of-memory error."""
        self._oom.labels(stage, kind).inc()

    def count_audio(self, seconds: float) -> None:
        """Count transcribed audio."""
        self._audio.inc(seconds)

    @contextmanager
    def time(self, stage: Stage) -> Iterator[None]:
        """Observe the wall time of the block."""
        with self._stages.labels(stage).time():
            yield

    def _watch_state(self, registry: CollectorRegistry) -> None:
        states = Gauge(names.WORKER_STATE, "1 for the state the worker is in.", ["state"], registry=registry)
        for state in WorkerState:
            states.labels(state).set_function(partial(self._is, state))

    def _is(self, state: WorkerState) -> float:
        return float(self.state is state)

    def _watch_device(self, registry: CollectorRegistry) -> None:
        uuid = self._device.uuid
        own = Gauge(names.OWN_MEMORY, "Device memory of this process.", registry=registry)
        own.set_function(lambda: self._memory("own"))
        if self._device.memory() is None:
            return
        used = Gauge(names.DEVICE_MEMORY_USED, "Device memory in use.", ["gpu_uuid"], registry=registry)
        used.labels(uuid).set_function(lambda: self._memory("used"))
        total = Gauge(names.DEVICE_MEMORY_TOTAL, "Device memory.", ["gpu_uuid"], registry=registry)
        total.labels(uuid).set_function(lambda: self._memory("total"))
        if self._device.utilisation() is not None:
            busy = Gauge(names.GPU_UTILISATION, "Busy share of the device.", ["gpu_uuid"], registry=registry)
            busy.labels(uuid).set_function(lambda: self._device.utilisation() or 0.0)

    def _declare_stages(self, registry: CollectorRegistry) -> None:
        waiting = Gauge(names.STAGE_WAITING, "Items in front of a stage.", ["stage"], registry=registry)
        limiting = Gauge(names.LIMITING_STAGE, "1 for the stage others wait for.", ["stage"], registry=registry)
        for stage in Stage:
            waiting.labels(stage).set_function(partial(self._waiting_at, stage))
            limiting.labels(stage).set_function(partial(self._limits, stage))
        windows = Gauge(names.WINDOWS_WAITING, "Windows ready for the device.", registry=registry)
        windows.set_function(partial(self._waiting_at, Stage.ASR))

    def _waiting_at(self, stage: Stage) -> int:
        return self._waiting[stage]() if stage in self._waiting else 0

    def _limits(self, stage: Stage) -> float:
        return float(self.limiting_stage is stage)

    def _memory(self, part: str) -> float:
        memory = self._device.memory()
        return 0.0 if memory is None else float(getattr(memory, part))


def _samples(metric: MetricWrapperBase) -> dict[tuple[str, ...], float]:
    """Return the values of one metric, by name and values of its labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value for family in metric.collect() for sample in family.samples
    }
