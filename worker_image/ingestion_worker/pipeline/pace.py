"""Spaces out what is fetched from the source."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Lock


class Pace:
    """An egress budget of videos per hour, which may change at any time. For several threads."""

    def __init__(self, per_hour: Callable[[], int | None], stop: Event) -> None:
        self._per_hour = per_hour
        self._stop = stop
        self._lock = Lock()
        self._next = 0.0

    def wait(self) -> None:
        """Wait for this caller's turn, or until the work stops."""
        per_hour = self._per_hour()
        if per_hour is None:
            return
        with self._lock:
            turn = max(time.monotonic(), self._next)
            self._next = turn + 3600 / per_hour
        self._stop.wait(max(0.0, turn - time.monotonic()))
