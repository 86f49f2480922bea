"""The worker's place on the device: its models, the size of its batches, and its waiting for room."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from threading import Event

from ingestion_contract.limits import Limits
from ingestion_contract.metrics import Stage, WorkerState
from ingestion_contract.spec import LanguageModel
from ingestion_contract.summary import MemoryReport
from ingestion_worker.device import Device, DeviceMemory
from ingestion_worker.device.errors import OutOfDeviceMemory
from ingestion_worker.memory import governor
from ingestion_worker.memory.batches import Pilot
from ingestion_worker.memory.governor import Footprint, Governor
from ingestion_worker.memory.limits_file import LimitsFile
from ingestion_worker.memory.patience import Patience
from ingestion_worker.models.embed import ENCODE_BATCH
from ingestion_worker.models.loaded import Models
from ingestion_worker.steps.conclusion import MemoryExhausted, Stopped
from ingestion_worker.telemetry.metrics import Metrics

log = logging.getLogger(__name__)


class Residency:
    """Applies the governor's law to a worker's models on a device.

    Args:
        wait_seconds: how long the worker goes on without a batch that works, before it gives up.
    """

    def __init__(
        self, models: Models, device: Device, limits: LimitsFile, metrics: Metrics, stop: Event, wait_seconds: float
    ) -> None:
        self._models = models
        self._device = device
        self._limits_file = limits
        self._metrics = metrics
        self._stop = stop
        self._patience = Patience(wait_seconds)
        self._law = Governor()
        self._last_error: OutOfDeviceMemory | None = None
        self._last_need: int | None = None

    def ensure(self, _stage: Stage = Stage.ASR) -> None:
        """Return with all models loaded and the worker's floor measured, however long room is waited for.

        Raises:
            MemoryExhausted: there was no room within the time that a worker waits.
            Stopped: the worker was asked to stop meanwhile.
            StickyDeviceFault, NodeUnusable, ConfigurationError: see `errors.device_errors`.
        """
        while not self._models.loaded:
            self._wait_for_room()
            self._metrics.set_state(WorkerState.STARTING)
            try:
                self._models.load()
                self._check_stop()
                self._calibrate()
            except OutOfDeviceMemory as error:
                self._give_up(error)
        self._metrics.set_state(WorkerState.WORKING)

    def allowed_batch(self) -> int:
        """Return the largest batch of windows that may run now."""
        governed = self._device.memory() is not None
        batch = governor.allowed_batch(self._law, self._limits(), governed)
        self._metrics.batch_ceiling.set(batch)
        return batch

    def batch_worked(self, batch: int) -> None:
        """Learn from a batch of windows that worked."""
        self.made_progress()
        self._metrics.batch_size.set(batch)
        memory = self._device.memory()
        self._law = governor.after_batch(self._law, batch, None if memory is None else memory.own, time.monotonic())

    def made_progress(self) -> None:
        """Hear that the device did some work: waiting for room begins anew."""
        self._patience.progress()

    def batch_failed(self, error: OutOfDeviceMemory, batch: int) -> None:
        """Learn from a batch for which memory did not suffice; after a batch of one, return when there is room again.

        Raises:
            see `ensure`.
        """
        if error.stage is Stage.ASR:
            self._law = governor.after_out_of_memory(self._law, batch, time.monotonic())
        if batch == 1:
            self._give_up(error)
            self.ensure()
            return
        self._metrics.count_oom(error.stage, error.kind)
        log.warning("%s batch=%d: half of it is tried", error, batch)

    @property
    def two_passes(self) -> bool:
        """Whether the device holds one model at a time."""
        return False

    def switch(self, model: LanguageModel) -> None:
        """Take another speech model from now on."""
        self._models.switch(model)
        self._law = replace(self._law, footprint=None)

    def pilot(self, stage: Stage) -> Pilot:
        """Return what decides on a stage's batches."""
        return _WindowPilot(self) if stage is Stage.ASR else _TextPilot(self)

    def keep_within_budget(self) -> None:
        """Make room if the worker's floor has been above its budget for a while, and return when there is room again.

        Raises:
            see `ensure`.
        """
        self._law, over = governor.watch_budget(self._law, self._limits(), self._device.memory(), time.monotonic())
        if over:
            self._release("the budget is below the floor")
            self.ensure()

    def _limits(self) -> Limits:
        limits = self._limits_file.current()
        self._metrics.limits_revision.set(limits.revision)
        return limits

    def _give_up(self, error: OutOfDeviceMemory) -> None:
        """Release all models, remember what they needed, and pause: neighbours collide again if all try at once."""
        self._metrics.count_oom(error.stage, error.kind)
        memory = self._device.memory()
        self._last_error = error
        self._last_need = None if memory is None else memory.own + error.asked
        self._release(str(error))
        self._pause()

    def _release(self, why: str) -> None:
        self._metrics.set_state(WorkerState.WAITING_FOR_MEMORY)
        log.warning("models released: %s memory=%s", why, self._device.memory())
        self._models.release()

    def _wait_for_room(self) -> None:
        while self._short_of_room():
            self._metrics.set_state(WorkerState.WAITING_FOR_MEMORY)
            self._pause()

    def _short_of_room(self) -> bool:
        """Return whether what the worker needs is known not to fit. Without knowing its need, a worker just tries."""
        limits, memory = self._limits(), self._device.memory()
        need = self._need(limits)
        return memory is not None and need is not None and not governor.has_room(memory, need, limits)

    def _need(self, limits: Limits) -> int | None:
        """Return the best knowledge of what this worker needs: its own floor, that of others, or its last attempt."""
        if self._law.footprint is not None:
            return self._law.footprint.floor
        return limits.floor_bytes or self._last_need

    def _pause(self) -> None:
        pause = self._patience.next_pause()
        if pause is None:
            raise MemoryExhausted(
                f"no room on {self._device.name} {self._device.uuid} within {self._patience.seconds:.0f} s",
                self._report(self._device.memory()),
            )
        self._stop.wait(pause)
        self._check_stop()

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise Stopped("asked to stop before the models were ready; finished videos are committed")

    def _calibrate(self) -> None:
        """Run one full window and one text, and measure what the models and a batch of one hold."""
        before = self._device.memory()
        if before is None:
            return
        if self._models.transcribes:
            self._models.transcribe([self._models.silence()], "en")
        self._models.embed(["calibration"])
        after = self._device.memory()
        assert after is not None
        footprint = Footprint(base=before.own, slope=max(0, after.own - before.own))
        self._law = replace(self._law, footprint=footprint)
        self._metrics.floor.set(footprint.floor)
        log.info("memory base=%d slope=%d floor=%d", footprint.base, footprint.slope, footprint.floor)

    def _report(self, memory: DeviceMemory | None) -> MemoryReport | None:
        if memory is None:
            return None
        return MemoryReport(
            gpu_uuid=self._device.uuid,
            stage=Stage.ASR if self._last_error is None else self._last_error.stage,
            total_bytes=memory.total,
            used_bytes=memory.used,
            own_bytes=memory.own,
            floor_bytes=None if self._law.footprint is None else self._law.footprint.floor,
        )


class _WindowPilot:
    """The governor's law decides on batches of windows."""

    def __init__(self, residency: Residency) -> None:
        self._residency = residency

    def allowed(self) -> int:
        self._residency._check_stop()
        return self._residency.allowed_batch()

    def worked(self, batch: int) -> None:
        self._residency.batch_worked(batch)

    def failed(self, error: OutOfDeviceMemory, batch: int) -> None:
        self._residency.batch_failed(error, batch)


class _TextPilot(_WindowPilot):
    """Texts are short beside the embedder: their batches only shrink when memory runs out."""

    def allowed(self) -> int:
        self._residency._check_stop()
        return ENCODE_BATCH

    def worked(self, batch: int) -> None:
        self._residency.made_progress()
