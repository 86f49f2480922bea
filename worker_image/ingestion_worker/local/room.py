"""How much device memory there is for all workers of a local run, whatever others take meanwhile. Pure."""

from __future__ import annotations

from collections import deque
from statistics import median_low

from ingestion_worker.device import DeviceMemory

WINDOW_SECONDS = 10.0
"""The device and its workers are not read in the same moment: what others hold is the median over this time."""

LEAST_CHANGE_PERCENT = 2
"""Of the device: a smaller change of what others hold is none, so that workers do not get new limits all the time."""


class Room:
    """The target's share of a device, less what others than the workers hold.

    Args:
        total: bytes of the device.
        target_percent: of it, for all processes together.
    """

    def __init__(self, total: int, target_percent: int) -> None:
        self._total = total
        self._target = total * target_percent // 100
        self._others: int | None = None
        self._seen: deque[tuple[float, int]] = deque()

    @property
    def left(self) -> int:
        """Bytes for all workers together; 1 where others hold all of it: the workers then wait, and say so."""
        return max(1, self._target - (self._others or 0))

    def look(self, memory: DeviceMemory, own: int, now: float) -> None:
        """Take note of what is held.

        Args:
            memory: of the device, as this process sees it.
            own: bytes of all workers together.
            now: seconds of a steady clock.
        """
        self._seen.append((now, max(0, memory.used - own)))
        while now - self._seen[0][0] > WINDOW_SECONDS:
            self._seen.popleft()
        others = median_low(held for _, held in self._seen)
        if self._others is None or 100 * abs(others - self._others) > self._total * LEAST_CHANGE_PERCENT:
            self._others = others
