"""A shard's work: how much of it is done, and what of that survives a worker's end."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

CHECKPOINT_SECONDS = 600.0
"""A long video keeps what was heard of it every ten audio-minutes."""


class Shard:
    """The videos of one index, heard one after the other.

    What is in work of several videos at once is taken as one: a worker that goes loses it.

    Attributes:
        index: in the Job.
        heard: audio-seconds that are done.
        lost: durations of the videos that were given up for want of memory.
    """

    def __init__(self, index: int, durations: Sequence[float]) -> None:
        self.index = index
        self.heard = 0.0
        self.lost: list[float] = []
        self._durations = list(durations)
        self._ends = list(accumulate(durations))

    @property
    def total(self) -> float:
        """Audio-seconds in all."""
        return self._ends[-1] if self._ends else 0.0

    @property
    def left(self) -> float:
        """Audio-seconds that are to be done."""
        return max(0.0, self.total - self.heard)

    @property
    def videos(self) -> int:
        """How many videos it has."""
        return len(self._ends)

    @property
    def done(self) -> int:
        """How many of them are behind it."""
        return bisect_right(self._ends, self.heard + 1e-6)

    def hear(self, seconds: float) -> None:
        """Do so much."""
        self.heard = min(self.total, self.heard + seconds)

    def fall_back(self) -> None:
        """Forget what is neither committed nor at a checkpoint."""
        begun = self._ends[self.done - 1] if self.done else 0.0
        self.heard = begun + (self.heard - begun) // CHECKPOINT_SECONDS * CHECKPOINT_SECONDS

    def lose_video(self) -> None:
        """Give up the present video, and go on with the next."""
        if self.done < self.videos:
            self.lost.append(self._durations[self.done])
            self.heard = self._ends[self.done]
