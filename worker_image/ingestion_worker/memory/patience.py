"""How long a worker goes on trying without getting anywhere."""

from __future__ import annotations

import random
import time

FIRST_PAUSE_SECONDS = 1.0
LAST_PAUSE_SECONDS = 8.0


class Patience:
    """Pauses that double, bounded and spread out by chance so that workers do not collide again, until time is up.

    Args:
        seconds: how long it lasts from the first pause on, unless there is progress.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._since: float | None = None
        self._pauses = 0

    def progress(self) -> None:
        """Begin anew."""
        self._since = None
        self._pauses = 0

    def next_pause(self) -> float | None:
        """Return how many seconds to pause now, or None if it is over."""
        now = time.monotonic()
        if self._since is None:
            self._since = now
        if now - self._since > self.seconds:
            return None
        longest = min(LAST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(self._pauses, 10))
        self._pauses += 1
        return longest * random.uniform(0.5, 1.0)
