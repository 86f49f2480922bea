"""Measures a worker's footprint: with a batch of one, and with a few more as far as the budget allows.

A window is also heard the way that takes most, right after the first: the floor is to be known exactly, and what larger
batches have held would hide it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event
from typing import Protocol

from ingestion_contract.limits import HEADROOM
from ingestion_contract.metrics import Stage
from ingestion_worker.device import Device, DeviceMemory
from ingestion_worker.device.errors import OutOfDeviceMemory
from ingestion_worker.memory.footprint import Footprint, larger

BATCHES = (1, 2, 4)
"""Windows, or texts of the greatest length, in the batches that are measured."""

ATTEMPTS = 3
"""How often a measurement is made where neighbours may have disturbed it."""

QUIET_SECONDS = 0.3
QUIET_BYTES = 32 * 1024**2
"""A device whose use changes by less in that time stands still."""


class Rehearsal(Protocol):
    """Batches to measure with."""

    text_tokens: int
    """Tokens of the longest text that there can be."""

    def windows(self, count: int) -> None:
        """Hear so many full windows."""

    def doubt(self) -> None:
        """Hear a full window the way that takes most, as those are heard that are doubted."""

    def texts(self, count: int) -> None:
        """Embed so many texts of the greatest length."""


@dataclass(frozen=True)
class Calibration:
    """Measures models that are loaded.

    Attributes:
        device: whose memory is governed.
        rehearsal: runs the batches.
        budget: a batch larger than one only runs if it is expected to stay below; without a budget there is none.
        check_stop: raises if the worker was asked to stop.
        failed: hears of a batch larger than one that did not fit, and of its size, since that is no failure.
        heard: hears of each batch of windows but the first, which takes longer, and of the seconds that it took.
    """

    device: Device
    rehearsal: Rehearsal
    budget: int | None
    check_stop: Callable[[], None]
    failed: Callable[[OutOfDeviceMemory, int], None]
    heard: Callable[[int, float], None]

    def measure(self, stages: frozenset[Stage]) -> Footprint:
        """Return the footprint of the models of these stages, which are those that are loaded.

        Raises:
            OutOfDeviceMemory: not even a batch of one fits.
        """
        footprint = Footprint(base=_memory(self.device).own)
        if Stage.EMBED in stages:
            footprint = replace(footprint, text_tokens=self.rehearsal.text_tokens)
        if Stage.ASR in stages:
            footprint = self._stage(footprint, Stage.ASR, 1, self.rehearsal.windows)
        if Stage.EMBED in stages:
            footprint = self._stage(footprint, Stage.EMBED, footprint.text_tokens, self.rehearsal.texts)
        return footprint

    def _stage(self, footprint: Footprint, stage: Stage, unit: int, run: Callable[[int], None]) -> Footprint:
        for count in BATCHES:
            if count > 1 and not _fits(footprint, stage, count * unit, self.budget):
                break
            self.check_stop()
            began = time.monotonic()
            try:
                run(count)
            except OutOfDeviceMemory as error:
                if count == 1:
                    raise
                self.failed(error, count * unit)
                break
            footprint = footprint.with_batch(stage, count * unit, _memory(self.device).highest)
            if stage is Stage.ASR and count > 1:
                self.heard(count, time.monotonic() - began)
            elif stage is Stage.ASR:
                self.rehearsal.doubt()
                footprint = footprint.with_doubt(_memory(self.device).highest)
        return footprint


def _fits(footprint: Footprint, stage: Stage, size: int, budget: int | None) -> bool:
    if budget is None:
        return False
    windows, tokens = (size, footprint.text_tokens) if stage is Stage.ASR else (footprint.windows.largest, size)
    return footprint.total(windows, tokens) < budget * (1 - HEADROOM)


def measure_among_neighbours(device: Device, stop: Event, attempt: Callable[[], Footprint]) -> Footprint:
    """Return the footprint where the driver does not tell what is whose, so that neighbours may disturb the measuring.

    A measurement counts if the device stood still before and after it, and gained meanwhile what this worker did. Else
    it is made again, a few times; then the largest of all counts.

    Args:
        device: whose memory is governed.
        stop: ends the waiting.
        attempt: loads the models, which it unloads first if need be, and measures.
    """
    seen: Footprint | None = None
    for _ in range(ATTEMPTS):
        quiet, before = _stands_still(device, stop)
        footprint = attempt()
        after = _memory(device)
        unexplained = (after.used - before.used) - (after.own - before.own)
        seen = footprint if seen is None else larger(seen, footprint)
        if quiet and abs(unexplained) <= QUIET_BYTES and _stands_still(device, stop)[0]:
            return footprint
    assert seen is not None
    return seen


def _stands_still(device: Device, stop: Event) -> tuple[bool, DeviceMemory]:
    first = _memory(device)
    stop.wait(QUIET_SECONDS)
    second = _memory(device)
    return abs(second.used - first.used) <= QUIET_BYTES, second


def _memory(device: Device) -> DeviceMemory:
    memory = device.memory()
    assert memory is not None
    return memory
