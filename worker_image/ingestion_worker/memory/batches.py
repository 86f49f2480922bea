"""Runs many items through the device in batches, and loses none of them when memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from ingestion_worker.device.errors import OutOfDeviceMemory

T = TypeVar("T")
R = TypeVar("R")


class Pilot(Protocol):
    """Decides on the size of batches, and hears how they went."""

    def allowed(self) -> int:
        """Return the largest batch that may run now, at least 1. May raise to end the work."""

    def worked(self, batch: int) -> None:
        """Hear that a batch of that size worked."""

    def failed(self, error: OutOfDeviceMemory, batch: int) -> None:
        """Hear that memory ran out; return when the batch may be tried again, halved or, at one, as it is."""


def run_in_batches(items: Sequence[T], run: Callable[[Sequence[T]], Sequence[R]], pilot: Pilot) -> list[R]:
    """Return the result of each item. When memory runs out, only the failed batch is tried again, halved."""
    results: list[R] = []
    most = len(items)
    while len(results) < len(items):
        batch = items[len(results) :][: min(pilot.allowed(), most)]
        try:
            done = run(batch)
        except OutOfDeviceMemory as error:
            most = max(1, len(batch) // 2)
            pilot.failed(error, len(batch))
        else:
            results += done
            pilot.worked(len(batch))
    return results
