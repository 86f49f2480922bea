"""How fast a run's workers are together with the present number of them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from ingestion_contract.metrics import WorkerState
from ingestion_contract.summary import MAX_COUNT
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.snapshot import Rate

LONGEST = timedelta(minutes=10)
"""What happened before is not the present pace."""

_AT_WORK = (WorkerState.WORKING, WorkerState.WAITING_FOR_SOURCE)


@dataclass(frozen=True)
class _Reading:
    at: datetime
    audio_seconds: int
    busy_seconds: float | None


class RateMeter:
    """Measures from the moment when all wanted workers are at work, anew whenever another number is wanted.

    That workers end with their shards, and others start, is part of the pace.
    """

    def __init__(self) -> None:
        self._lever_moved_at: datetime | None = None
        self._readings: deque[_Reading] = deque()
        self._heard: dict[str, int] = {}

    def add(self, situation: Situation) -> None:
        """Take what the workers say now."""
        if situation.workers.changed_at != self._lever_moved_at:
            self._lever_moved_at = situation.workers.changed_at
            self._readings.clear()
        latest = max((sample.at for sample in situation.fresh.values()), default=None)
        gained = self._gained(situation)
        if latest is None or (self._readings and latest <= self._readings[-1].at):
            self._carry(gained)
        elif self._readings:
            self._append(latest, gained, _utilisation(situation))
        elif _all_at_work(situation):
            self._readings.append(_Reading(latest, 0, 0.0))

    def rate(self) -> Rate | None:
        """Return the pace, None as long as there is nothing to measure."""
        if len(self._readings) < 2:
            return None
        first, last = self._readings[0], self._readings[-1]
        seconds = (last.at - first.at).total_seconds()
        heard = last.audio_seconds - first.audio_seconds
        busy = None
        if first.busy_seconds is not None and last.busy_seconds is not None:
            busy = (last.busy_seconds - first.busy_seconds) / seconds
        return Rate(min(MAX_COUNT, round(3600 * heard / seconds)), busy, seconds)

    def _gained(self, situation: Situation) -> int:
        """Return the seconds of audio that were heard since the last time, by processes that are there now."""
        gained = 0
        for uid, sample in situation.fresh.items():
            gained += max(0, sample.audio_seconds - self._heard.get(uid, 0))
        known = {pod.uid for pod in situation.snapshot.pods}
        told = {uid: sample.audio_seconds for uid, sample in situation.fresh.items()}
        self._heard = {uid: heard for uid, heard in (self._heard | told).items() if uid in known}
        return gained

    def _carry(self, gained: int) -> None:
        if gained and self._readings:
            last = self._readings.pop()
            self._readings.append(_Reading(last.at, last.audio_seconds + gained, last.busy_seconds))

    def _append(self, at: datetime, gained: int, utilisation: float | None) -> None:
        last = self._readings[-1]
        busy = None
        if utilisation is not None and last.busy_seconds is not None:
            busy = last.busy_seconds + utilisation * (at - last.at).total_seconds()
        self._readings.append(_Reading(at, last.audio_seconds + gained, busy))
        while len(self._readings) > 2 and at - self._readings[0].at > LONGEST:
            self._readings.popleft()


def _all_at_work(situation: Situation) -> bool:
    return situation.all_heard and all(sample.state in _AT_WORK for sample in situation.fresh.values())


def _utilisation(situation: Situation) -> float | None:
    """Return the busy share of the workers' devices, on average."""
    by_device = {
        sample.gpu_uuid: sample.utilisation
        for sample in situation.fresh.values()
        if sample.gpu_uuid is not None and sample.utilisation is not None
    }
    return sum(by_device.values()) / len(by_device) if by_device else None
