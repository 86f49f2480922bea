"""The most that something reaches while a block runs."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType
from typing import Self

PERIOD_SECONDS = 0.002
"""A batch takes a hundred times as long; the driver answers within a tenth."""


class Peak:
    """Reads a value again and again from another thread; `highest` is known after the block."""

    def __init__(self, read: Callable[[], int], period_seconds: float = PERIOD_SECONDS) -> None:
        self._read = read
        self._period = period_seconds
        self._over = Event()
        self._thread = Thread(target=self._watch, name="peak", daemon=True)
        self.highest = 0

    def __enter__(self) -> Self:
        self.highest = self._read()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
        self.highest = max(self.highest, self._read())

    def _watch(self) -> None:
        while not self._over.wait(self._period):
            self.highest = max(self.highest, self._read())
