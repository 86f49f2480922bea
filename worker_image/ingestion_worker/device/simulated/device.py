"""The simulated GPU as the worker sees it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn

from ingestion_contract.metrics import Stage
from ingestion_worker.device.interface import ComputeDevice, DeviceMemory
from ingestion_worker.device.own_memory import OwnMemory
from ingestion_worker.device.simulated import physics
from ingestion_worker.device.simulated.ledger import Holding, Ledger, SimulatedOutOfMemory, State


class SimulatedGpu:
    """A simulated GPU, of which this process holds a part until it ends.

    Its brackets charge the ledger before their block runs, and raise the exception that the stage's library would.
    The block's real work runs on the CPU; afterwards the bracket waits until the simulated device would be done.

    Raises:
        FileNotFoundError: the folder holds no simulated GPU.
    """

    simulated = True
    compute: ComputeDevice = "cpu"

    def __init__(self, folder: Path) -> None:
        self._ledger = Ledger(folder)
        self._key, self._lock = self._ledger.join(os.environ.get("HOSTNAME") or f"pid {os.getpid()}")
        with self._ledger.open() as state:
            self.uuid, self.name = state.uuid, state.name
            hidden = state.conditions.hides_own
        self._hidden = OwnMemory(lambda: self._read().used, lambda: None) if hidden else None

    def memory(self) -> DeviceMemory | None:
        """Return the device's memory now. What a batch took stays, so that the highest mark is what is held."""
        state = self._read()
        if self._hidden is not None:
            own, highest = self._hidden.now, self._hidden.highest
            return DeviceMemory(total=state.total, used=state.used, own=own, highest=highest, exact=False)
        own = self._own(state).bytes
        return DeviceMemory(total=state.total, used=state.used, own=own, highest=own)

    def utilisation(self) -> float | None:
        """Return the share of the last ten seconds in which the device was busy."""
        with self._ledger.open() as state:
            return state.busy_share(time.time())

    @contextmanager
    def load(self, stage: Stage, *, smaller: bool = False) -> Iterator[None]:
        """Charge the context, the model and the spike of loading it, and last as long as the transfer does.

        Raises:
            RuntimeError, torch.OutOfMemoryError: they do not fit.
        """
        began = time.monotonic()
        size = (physics.SMALLER_MODEL_BYTES if smaller else physics.MODEL_BYTES)[stage]
        with ExitStack() as measuring:
            if self._hidden is not None:
                measuring.enter_context(self._hidden.loading())
            self._charge_load(stage, size)
            try:
                yield
                _sleep_until(began + size / physics.LOAD_BYTES_PER_SECOND)
            except BaseException:
                self._release(stage)
                raise
            with self._ledger.open() as state:
                self._own(state).spikes.pop(stage)

    @contextmanager
    def unload(self, stage: Stage) -> Iterator[None]:
        """Free the model, its activations and a failed load's rest after the block; what the library keeps stays."""
        with ExitStack() as measuring:
            if self._hidden is not None:
                measuring.enter_context(self._hidden.unloading(stage))
            yield
            self._release(stage)

    @contextmanager
    def trim(self, stage: Stage) -> Iterator[None]:
        """Free what batches have taken; the model stays."""
        with ExitStack() as measuring:
            if self._hidden is not None:
                measuring.enter_context(self._hidden.trimming(stage))
            yield
            with self._ledger.open() as state:
                self._own(state).activations.pop(stage, None)

    @contextmanager
    def run(self, stage: Stage, size: int, *, watch: bool = False) -> Iterator[None]:
        """Charge what the batch needs above the high-water mark, and last until the device has done it.

        Raises:
            RuntimeError, torch.OutOfMemoryError: it does not fit.
        """
        with ExitStack() as measuring:
            if self._hidden is not None:
                measuring.enter_context(self._hidden.running(stage, size, watch=watch))
            end = self._charge_batch(stage, size)
            yield
            _sleep_until(end)

    def _charge_load(self, stage: Stage, size: int) -> None:
        try:
            with self._ledger.open() as state:
                own = self._own(state)
                context = 0 if own.context else physics.CONTEXT_BYTES
                _require_model(state, own, stage, context + size + physics.LOAD_SPIKE_BYTES)
                own.residue[stage] = 0
                own.context += context
                own.models[stage] = size
                own.spikes[stage] = physics.LOAD_SPIKE_BYTES
        except SimulatedOutOfMemory as error:
            _raise_as_library(stage, error)

    def _charge_batch(self, stage: Stage, size: int) -> float:
        """Return when the device will have done the batch, by the steady clock."""
        seconds = physics.BATCH_SECONDS[stage] + physics.SIZE_SECONDS[stage] * size
        try:
            with self._ledger.open() as state:
                own, leak = self._own(state), state.conditions.leak_bytes
                held = own.activations.get(stage, 0)
                needed = max(held, physics.BATCH_BYTES[stage] * size)
                state.require(needed - held + leak)
                own.activations[stage] = needed
                own.leaks[stage] = own.leaks.get(stage, 0) + leak
                now = time.time()
                return time.monotonic() + state.reserve(seconds, now) - now
        except SimulatedOutOfMemory as error:
            _raise_as_library(stage, error)

    def _read(self) -> State:
        with self._ledger.open() as state:
            return state

    def _own(self, state: State) -> Holding:
        return state.holdings[self._key]

    def _release(self, stage: Stage) -> None:
        with self._ledger.open() as state:
            own = self._own(state)
            for part in (own.models, own.spikes, own.activations, own.leaks):
                part.pop(stage, None)
            own.residue[stage] = physics.RESIDUE_BYTES[stage]


def _require_model(state: State, own: Holding, stage: Stage, wanted: int) -> None:
    kept = own.residue.get(stage, 0)
    try:
        state.require(wanted - kept)
    except SimulatedOutOfMemory as error:
        own.residue[stage] = max(kept, min(physics.FAILED_LOAD_BYTES[stage], error.free))
        raise


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


def _raise_as_library(stage: Stage, error: SimulatedOutOfMemory) -> NoReturn:
    """Raise what CTranslate2 (ASR) and torch (embedding) raise, word for word."""
    if stage is Stage.ASR:
        raise RuntimeError("CUDA failed with error out of memory") from error
    import torch

    gib = physics.GIB
    raise torch.OutOfMemoryError(
        f"CUDA out of memory. Tried to allocate {error.wanted / gib:.2f} GiB. GPU 0 has a total capacity of "
        f"{error.total / gib:.2f} GiB of which {max(0, error.free) / gib:.2f} GiB is free."
    ) from error
