"""A stand-in for a worker: an address and a metrics page, made by the worker's own code, but no process and no work."""

from __future__ import annotations

import time
from threading import Event

from prometheus_client import generate_latest

from ingestion_contract.metrics import OomKind, Result, Stage, WorkerState
from ingestion_worker.device.interface import DeviceMemory
from ingestion_worker.device.none import NoDevice
from ingestion_worker.telemetry.metrics import Metrics

GIB = 2**30
DEVICE_BYTES = 32 * GIB
BEFORE_BYTES = 5 * GIB
AFTER_BYTES = 18 * GIB
"""What a worker needs once memory runs out: one fits under the target, two do not fit at all."""
CONTEXT_BYTES = GIB // 2
AUDIO_PER_SECOND = 40
VIDEO_SECONDS = 60.0
"""From one video's end to the next one's, of a worker that ends videos."""


class StandInDevice(NoDevice):
    """A device that a run's workers share; who holds how much stands in a dictionary."""

    def __init__(self, uuid: str, held: dict[str, int], owner: str) -> None:
        self.uuid = uuid
        self._held = held
        self._owner = owner

    def memory(self) -> DeviceMemory | None:
        """Return what is held of it."""
        own = self._held.get(self._owner, 0)
        return DeviceMemory(total=DEVICE_BYTES, used=sum(self._held.values()), own=own)

    def utilisation(self) -> float | None:
        """Return a constant."""
        return 0.6


class StandInWorker:
    """What one worker says of itself."""

    def __init__(self, device: StandInDevice, held: dict[str, int], owner: str) -> None:
        self._held = held
        self._owner = owner
        self._heard_at = self._video_at = time.monotonic()
        self.metrics = Metrics(device, Event())
        self.metrics.batch_size.set(16)
        self.metrics.batch_ceiling.set(16)
        self.metrics.set_state(WorkerState.WORKING)
        for stage in Stage:
            with self.metrics.time(stage):
                pass
        self.hold(BEFORE_BYTES)

    def hold(self, size: int) -> None:
        """Hold so much of the device, and need as much."""
        self._held[self._owner] = size
        self.metrics.floor.set(size)

    def wait_for_memory(self) -> None:
        """Give all back but the context, and wait for room."""
        self._held[self._owner] = CONTEXT_BYTES
        self.metrics.floor.set(0)
        self.metrics.count_oom(Stage.ASR, OomKind.BATCH)
        self.metrics.set_state(WorkerState.WAITING_FOR_MEMORY)

    def leave(self) -> None:
        """Hold nothing."""
        self._held.pop(self._owner, None)

    def page(self, *, ends_videos: bool) -> bytes:
        """Return the metrics page: it has transcribed on since the last time, and may have ended videos."""
        now = time.monotonic()
        self.metrics.count_audio(AUDIO_PER_SECOND * (now - self._heard_at))
        self._heard_at = now
        while ends_videos and now - self._video_at >= VIDEO_SECONDS:
            self._video_at += VIDEO_SECONDS
            self.metrics.count_video(Result.SUCCEEDED, "")
        if not ends_videos:
            self._video_at = max(self._video_at, now - VIDEO_SECONDS)
        return generate_latest(self.metrics.registry)
