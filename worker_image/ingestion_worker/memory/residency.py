"""The worker's place on the device: its models, the size of its batches, and its waiting for room."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from functools import partial
from threading import Event

from ingestion_contract.limits import Limits
from ingestion_contract.metrics import Stage, WorkerState
from ingestion_contract.spec import LanguageModel
from ingestion_contract.summary import MemoryReport
from ingestion_worker.conclusion import MemoryExhausted, Stopped
from ingestion_worker.device import Device, DeviceMemory
from ingestion_worker.device.errors import OutOfDeviceMemory
from ingestion_worker.memory import calibration, governor, ladder, room
from ingestion_worker.memory.batches import Pilot, StagePilot, each_as_one
from ingestion_worker.memory.calibration import Calibration
from ingestion_worker.memory.footprint import Footprint
from ingestion_worker.memory.governor import Batch, Governor
from ingestion_worker.memory.ladder import Rung
from ingestion_worker.memory.limits_file import LimitsFile
from ingestion_worker.memory.overhead import BatchTimes
from ingestion_worker.memory.patience import Patience
from ingestion_worker.memory.turn import turn
from ingestion_worker.models.loaded import Models
from ingestion_worker.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

Stages = frozenset[Stage]


class Residency:
    """Applies the governor's law to a worker's models on a device.

    Args:
        wait_seconds: how long the worker goes on without a batch that works, before it takes up less of the device, and
            where that does not help, gives up.
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
        self._governed = device.memory() is not None
        self._law = Governor()
        self._rung = Rung.TOGETHER
        self._stage = Stage.ASR if models.transcribes else Stage.EMBED
        self._footprints: dict[Stages, Footprint] = {}
        self._failed_alone = False
        self._over_budget_since: float | None = None
        self._short_of: Stage | None = None
        self._last_need: int | None = None
        self._permitted = 1
        self._times = BatchTimes()

    @property
    def two_passes(self) -> bool:
        """Whether the device holds one model at a time."""
        return self._rung.two_passes

    def ensure(self, stage: Stage) -> None:
        """Return with a stage's model loaded and its memory measured, however long room is waited for.

        As long as both models fit, both are loaded.

        Raises:
            MemoryExhausted: there was no room within the time that a worker waits, or it would never suffice.
            Stopped: the worker was asked to stop meanwhile.
            PodTooSmall, StickyDeviceFault, NodeUnusable, ConfigurationError: see `errors.device_errors`.
        """
        self._stage = stage
        while self._models.loaded != self._wanted:
            self._wait_for_room()
            self._metrics.set_state(WorkerState.STARTING)
            try:
                self._load()
            except OutOfDeviceMemory as error:
                self._metrics.count_oom(error.stage, error.kind)
                self._make_room(error)
        self._metrics.set_state(WorkerState.WORKING)

    def pilot(self, stage: Stage) -> Pilot:
        """Return what decides on a stage's batches."""
        windows = stage is Stage.ASR
        return StagePilot(
            sizes=each_as_one if windows else self._models.text_tokens,
            allowed=partial(self._next_batch, stage),
            worked=partial(self._batch_worked, stage),
            failed=self._batch_failed,
        )

    def allowed_batch(self) -> int:
        """Return the largest batch of windows that may run now."""
        batch = governor.allowed_windows(self._law, self._limits_here(), self._governed)
        self._metrics.batch_ceiling.set(batch)
        return batch

    def _next_batch(self, stage: Stage) -> int:
        self._check_stop()
        limits = self._limits_here()
        self._permitted = governor.permitted(self._law, stage, limits, self._governed)
        if stage is Stage.ASR:
            return self.allowed_batch()
        return governor.allowed_tokens(self._law, limits, self._governed)

    def keep_within_budget(self) -> None:
        """Make room if the worker has been above its budget for a while, and return when there is room for it again.

        Raises:
            see `ensure`.
        """
        now = time.monotonic()
        self._over_budget_since = room.over_budget_since(
            self._over_budget_since, self._floor, self._limits(), self._device.memory(), now
        )
        if room.must_make_room(self._over_budget_since, now):
            self._over_budget_since = None
            self._law = governor.after_release(self._law, self._footprints.get(self._wanted), now)
            self._release("above the budget")
            self.ensure(self._stage)

    def switch(self, model: LanguageModel) -> None:
        """Take another speech model from now on."""
        self._models.switch(model)
        self._forget_speech_model()

    @property
    def _wanted(self) -> Stages:
        return frozenset({self._stage}) if self.two_passes else self._models.stages

    @property
    def _floor(self) -> int | None:
        """What the models that are loaded need at the least."""
        return None if self._law.footprint is None else self._law.footprint.floor

    @property
    def _known_floor(self) -> int | None:
        """What the worker needs at the least: in two passes, for the one that needs more; None until all is known."""
        held = [frozenset({stage}) for stage in self._models.stages] if self.two_passes else [self._models.stages]
        if not all(stages in self._footprints for stages in held):
            return None
        return max(self._footprints[stages].floor for stages in held)

    def _limits(self) -> Limits:
        limits = self._limits_file.current()
        self._metrics.limits_revision.set(limits.revision)
        return limits.on(self._device.uuid)

    def _limits_here(self) -> Limits:
        return room.within_device(self._limits(), self._device.memory())

    def _load(self) -> None:
        """Load the models that are wanted, and measure them, unless that is known from the last time.

        Raises:
            see `ensure`.
        """
        memory, wanted = self._device.memory(), self._wanted
        known = self._footprints.get(wanted)
        if memory is None or known is not None:
            self._models.load(wanted)
            self._law = replace(self._law, footprint=known)
        elif memory.exact:
            self._models.load(wanted)
            with turn(self._device.uuid, self._stop):
                self._keep(self._measure())
        else:
            with turn(self._device.uuid, self._stop):
                self._keep(calibration.measure_among_neighbours(self._device, self._stop, self._load_and_measure))
        self._check_stop()

    def _load_and_measure(self) -> Footprint:
        self._models.release()
        self._models.load(self._wanted)
        return self._measure()

    def _measure(self) -> Footprint:
        return Calibration(
            self._device,
            _Rehearsal(self._models),
            self._limits_here().budget_bytes,
            self._check_stop,
            self._halve,
            self._time_batch,
        ).measure(self._wanted)

    def _keep(self, footprint: Footprint) -> None:
        self._footprints[self._wanted] = footprint
        self._law = replace(self._law, footprint=footprint)
        self._metrics.floor.set(self._known_floor or 0)
        self._metrics.window_memory.set(footprint.windows.slope)
        log.info(
            "memory base=%d windows=%d+%d texts=%d+%d/1000 tokens floor=%d",
            footprint.base,
            footprint.windows.fixed,
            footprint.windows.slope,
            footprint.texts.fixed,
            1000 * footprint.texts.slope,
            footprint.floor,
        )

    def _batch_worked(self, stage: Stage, size: int, seconds: float) -> None:
        """Learn from a batch that worked; waiting for room begins anew."""
        self._patience.progress()
        self._failed_alone = False
        memory = self._device.memory()
        highest = None if memory is None else memory.highest
        batch = Batch(stage, size, seconds, self._permitted)
        self._law = governor.after_batch(self._law, batch, highest, time.monotonic())
        if stage is Stage.ASR:
            self._time_batch(size, seconds)
            self._metrics.batch_size.set(size)

    def _time_batch(self, size: int, seconds: float) -> None:
        """Learn how much of a batch's time does not depend on its size; beside others, it also depends on them."""
        memory = self._device.memory()
        if memory is not None and room.has_neighbours(memory):
            return
        self._times = self._times.with_batch(size, seconds)
        if (overhead := self._times.overhead) is not None:
            self._metrics.batch_overhead.set(overhead)

    def _batch_failed(self, error: OutOfDeviceMemory, size: int, items: int) -> None:
        """Learn from a batch for which memory did not suffice; after a batch of one, return when there is room again.

        Raises:
            see `ensure`.
        """
        if items > 1:
            self._halve(error, size)
            return
        self._metrics.count_oom(error.stage, error.kind)
        self._make_room(error)
        self.ensure(error.stage)

    def _halve(self, error: OutOfDeviceMemory, size: int) -> None:
        """Learn that a batch of that size did not fit."""
        self._metrics.count_oom(error.stage, error.kind)
        self._law = governor.after_out_of_memory(self._law, error.stage, size, time.monotonic())
        log.warning("%s size=%d", error, size)
        if error.stage is Stage.ASR:
            self._models.trim()

    def _make_room(self, error: OutOfDeviceMemory) -> None:
        """Release all models, and decide how to go on.

        Beside others that may make room, waiting helps. Else loading the models again may: an allocator's remains are
        gone then, or a neighbour has just left. If that does not, only taking up less of the device does.

        Raises:
            MemoryExhausted, Stopped: see `ensure`.
        """
        memory = self._device.memory()
        self._short_of = error.stage
        self._last_need = None if memory is None else memory.own + error.asked
        self._release(str(error))
        if self._waiting_helps(memory):
            self._pause()
        elif self._failed_alone:
            self._descend()
        else:
            self._failed_alone = True

    def _release(self, why: str) -> None:
        self._metrics.set_state(WorkerState.WAITING_FOR_MEMORY)
        log.warning("models released: %s memory=%s", why, self._device.memory())
        self._models.release()

    def _descend(self) -> None:
        """Take up less of the device from now on.

        Raises:
            MemoryExhausted: there is no way to.
        """
        rung = ladder.lower(
            self._rung,
            self._short_of or self._stage,
            transcribes=self._models.transcribes,
            may_shrink=self._models.may_shrink,
        )
        if rung is None:
            raise MemoryExhausted(
                f"no room on {self._device.name} {self._device.uuid}, not even for {self._rung.value}",
                self._report(self._device.memory()),
            )
        log.warning("from now on %s", rung.value)
        if rung is Rung.SMALLER:
            self._models.shrink()
            self._forget_speech_model()
        self._rung = rung
        self._failed_alone = False
        self._law = replace(self._law, footprint=None)
        self._last_need = None

    def _forget_speech_model(self) -> None:
        self._footprints = {held: known for held, known in self._footprints.items() if Stage.ASR not in held}
        self._law = replace(self._law, footprint=None)

    def _wait_for_room(self) -> None:
        """Return when the worker may try; where nobody will make room, it takes up less."""
        while self._short_of_room(memory := self._device.memory()):
            self._metrics.set_state(WorkerState.WAITING_FOR_MEMORY)
            if self._waiting_helps(memory):
                self._pause()
            else:
                self._descend()

    def _waiting_helps(self, memory: DeviceMemory | None) -> bool:
        """Return whether others may make the room that the worker lacks.

        Args:
            memory: the device's at the moment when it was short. A neighbour that has left since leaves room to try.
        """
        if memory is None:
            return False
        return room.waiting_helps(memory, self._need(self._limits()), operated=self._limits_file.given)

    def _short_of_room(self, memory: DeviceMemory | None) -> bool:
        """Return whether what the worker needs is known not to fit. Without knowing its need, a worker just tries."""
        limits = self._limits()
        need = self._need(limits)
        return memory is not None and need is not None and not room.has_room(memory, need, limits)

    def _need(self, limits: Limits) -> int | None:
        """Return the best knowledge of what this worker needs: its own floor, that of others, or its last attempt."""
        known = self._footprints.get(self._wanted)
        if known is not None:
            return known.floor
        return self._last_need if self.two_passes else limits.floor_bytes or self._last_need

    def _pause(self) -> None:
        """Wait a little; once patience is over, take up less of the device instead.

        Whoever still waits then is the last that the operator lets work here, or has no operator.

        Raises:
            MemoryExhausted, Stopped: see `ensure`.
        """
        pause = self._patience.next_pause()
        if pause is None:
            self._descend()
            return
        self._stop.wait(pause)
        self._check_stop()

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise Stopped("asked to stop; finished videos are committed")

    def _report(self, memory: DeviceMemory | None) -> MemoryReport | None:
        if memory is None:
            return None
        return MemoryReport(
            gpu_uuid=self._device.uuid,
            stage=self._short_of or self._stage,
            total_bytes=memory.total,
            used_bytes=memory.used,
            own_bytes=memory.own,
            floor_bytes=self._known_floor,
        )


class _Rehearsal:
    """The models' batches to measure with."""

    def __init__(self, models: Models) -> None:
        self.text_tokens = models.longest_text
        self.windows = models.rehearse_hearing
        self.doubt = models.rehearse_doubt
        self.texts = models.rehearse_embedding
