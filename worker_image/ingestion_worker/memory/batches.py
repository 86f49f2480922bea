"""Runs many items through the device in batches, and loses none of them when memory runs out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from ingestion_worker.device.errors import OutOfDeviceMemory

T = TypeVar("T")
R = TypeVar("R")


class Pilot(Protocol):
    """Decides on the size of batches, and hears how they went.

    A batch is as large as the number of its items times the size of the largest of them, to which all are padded.
    """

    def sizes(self, items: Sequence[Any]) -> Sequence[int]:
        """Return the size of each item, at least 1."""

    def allowed(self) -> int:
        """Return the largest batch that may run now, at least 1. May raise to end the work."""

    def worked(self, size: int) -> None:
        """Hear that a batch of that size worked."""

    def failed(self, error: OutOfDeviceMemory, size: int, items: int) -> None:
        """Hear that memory ran out; return when the batch may be tried again, halved or, at one item, as it is."""


class StagePilot:
    """A pilot made of functions, which also takes the time.

    Args:
        sizes: see `Pilot`.
        allowed: see `Pilot`.
        worked: takes the size of a batch and the seconds that it took.
        failed: see `Pilot`.
    """

    def __init__(
        self,
        sizes: Callable[[Sequence[Any]], Sequence[int]],
        allowed: Callable[[], int],
        worked: Callable[[int, float], None],
        failed: Callable[[OutOfDeviceMemory, int, int], None],
    ) -> None:
        self._allowed = allowed
        self._worked = worked
        self._began = 0.0
        self.sizes = sizes
        self.failed = failed

    def allowed(self) -> int:
        """Return the largest batch that may run, which begins now."""
        size = self._allowed()
        self._began = time.monotonic()
        return size

    def worked(self, size: int) -> None:
        """Hear that a batch of that size worked."""
        self._worked(size, time.monotonic() - self._began)


def each_as_one(items: Sequence[Any]) -> Sequence[int]:
    """Return the sizes of items that are all alike."""
    return [1] * len(items)


def run_in_batches(items: Sequence[T], run: Callable[[Sequence[T]], Sequence[R]], pilot: Pilot) -> list[R]:
    """Return the result of each item. When memory runs out, only the failed batch is tried again, halved.

    The largest items go first, each with others of about its size, so that little of a batch is padding. An item that
    is larger than all that is allowed runs by itself.
    """
    sizes = pilot.sizes(items)
    waiting = sorted(range(len(items)), key=lambda index: -sizes[index])
    results: dict[int, R] = {}
    most = len(waiting)
    while waiting:
        largest = sizes[waiting[0]]
        batch = waiting[: max(1, min(pilot.allowed() // largest, most))]
        try:
            done = run([items[index] for index in batch])
        except OutOfDeviceMemory as error:
            most = max(1, len(batch) // 2)
            pilot.failed(error, largest * len(batch), len(batch))
        else:
            results.update(zip(batch, done, strict=True))
            waiting = waiting[len(batch) :]
            most = len(waiting)
            pilot.worked(largest * len(batch))
    return [results[index] for index in range(len(items))]
