"""Spaces out what is fetched from the source."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Lock

LOOK_SECONDS = 0.2
"""How often a caller that waits for its turn looks whether it still wants it."""


class Pace:
    """An egress budget of videos per hour, which may change at any time. For several threads."""

    def __init__(self, per_hour: Callable[[], int | None], stop: Event) -> None:
        self._per_hour = per_hour
        self._stop = stop
        self._lock = Lock()
        self._next = 0.0

    def wait(self, over: Callable[[], bool]) -> bool:
        """Wait for this caller's turn; False if it is over, or the work stops, before that."""
        per_hour = self._per_hour()
        if per_hour is None:
            return not over()
        with self._lock:
            turn = max(time.monotonic(), self._next)
            self._next = turn + 3600 / per_hour
        while not over() and (left := turn - time.monotonic()) > 0:
            self._stop.wait(min(left, LOOK_SECONDS))
        return not over()
