"""Keeps the models on the device, and waits for room where they do not fit."""

from __future__ import annotations

import logging
import random
import time
from dataclasses import replace
from threading import Event

import numpy as np

from ingestion_contract.limits import Limits
from ingestion_contract.metrics import Stage, WorkerState
from ingestion_contract.summary import MemoryReport
from ingestion_worker import governor
from ingestion_worker.asr import Window
from ingestion_worker.audio import SAMPLE_RATE
from ingestion_worker.device import Device, DeviceMemory
from ingestion_worker.errors import OutOfDeviceMemory
from ingestion_worker.governor import Footprint, Governor
from ingestion_worker.limits_file import LimitsFile
from ingestion_worker.metrics import Metrics
from ingestion_worker.models import Models
from ingestion_worker.step import MemoryExhausted, Stopped
from ingestion_worker.windows import WINDOW_SECONDS

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 1.0
LAST_PAUSE_SECONDS = 8.0


class Residency:
    """The worker's place on the device.

    Attributes:
        state: what the governor remembers; the worker's loop replaces it.
    """

    def __init__(
        self, models: Models, device: Device, limits: LimitsFile, metrics: Metrics, stop: Event, wait_seconds: float
    ) -> None:
        self.state = Governor()
        self._models = models
        self._device = device
        self._limits = limits
        self._metrics = metrics
        self._stop = stop
        self._wait_seconds = wait_seconds
        self._waiting_since: float | None = None
        self._last_need: int | None = None
        self._last_error: OutOfDeviceMemory | None = None

    def limits(self) -> Limits:
        """Return the limits in force, and report their revision."""
        limits = self._limits.current()
        self._metrics.limits_revision.set(limits.revision)
        return limits

    def ensure(self) -> None:
        """Return with all models loaded and the worker's floor measured, however long room is waited for.

        Raises:
            MemoryExhausted: there was no room within the time that a worker waits.
            Stopped: the worker was asked to stop meanwhile.
            StickyDeviceFault, NodeUnusable, ConfigurationError: see `errors.device_errors`.
        """
        failures = 0
        while not self._models.loaded:
            self._wait_for_room()
            self._metrics.set_state(WorkerState.STARTING)
            try:
                self._models.load()
                self._calibrate()
            except OutOfDeviceMemory as error:
                self.give_up(error)
                self._pause(_growing(failures))
                failures += 1
        self._waiting_since = None
        self._metrics.set_state(WorkerState.WORKING)

    def give_up(self, error: OutOfDeviceMemory | None) -> None:
        """Release all models, and remember what they needed: `ensure` will wait for that much room.

        Args:
            error: why; None where the budget is below the worker's floor.
        """
        self._metrics.set_state(WorkerState.WAITING_FOR_MEMORY)
        memory = self._device.memory()
        if error is not None:
            self._metrics.count_oom(error.stage, error.kind)
            self._last_error = error
            self._last_need = (memory.own if memory else 0) + error.asked
        log.warning("models released: %s memory=%s", error or "the budget is below the floor", memory)
        self._models.release()
        if self._waiting_since is None:
            self._waiting_since = time.monotonic()

    def _wait_for_room(self) -> None:
        polls = 0
        while (memory := self._short_of_room()) is not None:
            self._metrics.set_state(WorkerState.WAITING_FOR_MEMORY)
            if self._waiting_since is None:
                self._waiting_since = time.monotonic()
                log.info("waiting for %s bytes memory=%s", self._need(), memory)
            self._keep_patience(memory)
            self._pause(_growing(polls))
            polls += 1

    def _keep_patience(self, memory: DeviceMemory) -> None:
        assert self._waiting_since is not None
        if time.monotonic() - self._waiting_since > self._wait_seconds:
            raise MemoryExhausted(
                f"no room for {self._need()} bytes on {self._device.uuid} within {self._wait_seconds:.0f} s",
                self._report(memory),
            )

    def _short_of_room(self) -> DeviceMemory | None:
        """Return the device's memory if there is no room, else None. Without knowing its need, a worker just tries."""
        limits, need, memory = self.limits(), self._need(), self._device.memory()
        if memory is None or need is None or governor.has_room(memory, need, limits):
            return None
        return memory

    def _need(self) -> int | None:
        """Return the best knowledge of what this worker needs: its own floor, that of others, or its last attempt."""
        if self.state.footprint is not None:
            return self.state.footprint.floor
        return self.limits().floor_bytes or self._last_need

    def _pause(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise Stopped("asked to stop while waiting for device memory")

    def _calibrate(self) -> None:
        """Run one full window and one text, and measure what the models and a batch of one hold."""
        before = self._device.memory()
        if before is None:
            return
        if self._models.transcribes:
            self._models.transcribe([Window(np.zeros(int(WINDOW_SECONDS * SAMPLE_RATE), np.float32), 0.0)])
        self._models.embed(["calibration"])
        after = self._device.memory()
        assert after is not None
        footprint = Footprint(base=before.own, slope=max(0, after.own - before.own))
        self.state = replace(self.state, footprint=footprint)
        self._metrics.floor.set(footprint.floor)
        log.info("memory base=%d slope=%d floor=%d", footprint.base, footprint.slope, footprint.floor)

    def _report(self, memory: DeviceMemory) -> MemoryReport:
        return MemoryReport(
            gpu_uuid=self._device.uuid,
            stage=Stage.ASR if self._last_error is None else self._last_error.stage,
            total_bytes=memory.total,
            used_bytes=memory.used,
            own_bytes=memory.own,
            floor_bytes=None if self.state.footprint is None else self.state.footprint.floor,
        )


def _growing(count: int) -> float:
    """Return the pause after so many earlier ones, in seconds: doubling, bounded, and spread out by chance."""
    pause = min(LAST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(count, 10))
    return pause * random.uniform(0.5, 1.0)
