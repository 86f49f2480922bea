"""A hill climber: one step; on if the throughput grew, else back. Down at once if memory is short."""

from __future__ import annotations

from datetime import datetime, timedelta

from benchmarks.control.contestants.kit import in_trouble, settled, with_parallelism
from ingestion_operator.decision.decision import Decision
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.snapshot import Snapshot

MEASURED_SECONDS = 120.0
LEAST_GAIN = 1.02
DOWN_SECONDS = 30.0
REST_SECONDS = 600.0
"""After a step that did not help and was taken back."""


class HillClimber:
    """The law, with what it remembers of its last step."""

    def __init__(self) -> None:
        self._direction = 1
        self._rate_before: int | None = None
        self._rests_until: datetime | None = None

    def __call__(self, snapshot: Snapshot, now: datetime) -> Decision:
        """Decide."""
        situation = Situation(snapshot, now)
        return with_parallelism(snapshot, now, self._next(situation), "Climbing")

    def _next(self, situation: Situation) -> int:
        rate = situation.snapshot.rate
        if in_trouble(situation):
            if situation.seconds_since(situation.workers.changed_at) < DOWN_SECONDS:
                return situation.wanted
            self._turn(situation, -1)
            return situation.wanted - 1
        if rate is None or rate.seconds < MEASURED_SECONDS or not settled(situation):
            return situation.wanted
        if self._rests_until is not None and situation.now < self._rests_until:
            return situation.wanted
        return self._climb(situation, rate.audio_seconds_per_hour)

    def _climb(self, situation: Situation, rate: int) -> int:
        if self._rate_before is not None and rate < self._rate_before * LEAST_GAIN:
            self._turn(situation, -self._direction)
            return situation.wanted + self._direction
        self._rate_before = rate
        step = situation.wanted + self._direction
        if not situation.bounds.min <= step <= situation.bounds.max:
            self._turn(situation, -self._direction)
            return situation.wanted
        return step

    def _turn(self, situation: Situation, direction: int) -> None:
        self._direction, self._rate_before = direction, None
        self._rests_until = situation.now + timedelta(seconds=REST_SECONDS)
