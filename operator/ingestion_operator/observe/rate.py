"""How fast a run's workers are together with the present number of them."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from ingestion_contract.summary import MAX_COUNT
from ingestion_operator.decision.situation import AT_WORK, Situation
from ingestion_operator.decision.snapshot import Rate

LONGEST = timedelta(minutes=10)
"""What happened before is not the present pace."""

DUTY_SECONDS = 1200.0
"""Time constant with which the share of time at work is averaged: some shards."""

LONGEST_LOOK_SECONDS = 60.0
"""Between two looks; what happened in a longer time is not known."""


@dataclass(frozen=True)
class _Span:
    until: datetime
    seconds: float
    audio_seconds: int
    busy_seconds: float | None


class RateMeter:
    """Measures while the wanted workers, and no others, are at work; anew whenever that number or limits have changed.

    Whatever time passes while one of them ends with its shard and another starts is left out: how often that falls into
    a few minutes is chance. It counts in the duty, which is averaged over longer.
    """

    def __init__(self) -> None:
        self._moved: tuple[datetime | None, int] | None = None
        self._spans: deque[_Span] = deque()
        self._since: datetime | None = None
        self._heard: dict[str, int] = {}
        self._looked_at: datetime | None = None
        self._wanted_seconds = 0.0
        self._worked_seconds = 0.0

    def add(self, situation: Situation) -> None:
        """Take what the workers say now."""
        moved = (situation.workers.changed_at, situation.workers.limits_revision)
        if moved != self._moved:
            self._moved = moved
            self._spans.clear()
            self._since = self._looked_at = None
        self._watch_duty(situation)
        latest = max((sample.at for sample in situation.fresh.values()), default=None)
        if latest is not None and self._since is not None and latest <= self._since:
            return
        gained = self._gained(situation)
        leaving = len(situation.active) > len(situation.staying)
        if leaving or not situation.at_work or not _all_within_limits(situation):
            self._since = None
        elif latest is not None:
            if self._since is not None:
                self._append(_span(self._since, latest, gained, _utilisation(situation)))
            self._since = latest

    def rate(self) -> Rate | None:
        """Return the pace, None as long as there is nothing to measure."""
        if not self._spans:
            return None
        seconds = sum(span.seconds for span in self._spans)
        heard = sum(span.audio_seconds for span in self._spans)
        busy = [span.busy_seconds for span in self._spans if span.busy_seconds is not None]
        utilisation = sum(busy) / seconds if len(busy) == len(self._spans) else None
        duty = self._worked_seconds / self._wanted_seconds if self._wanted_seconds else 1.0
        return Rate(min(MAX_COUNT, round(3600 * heard / seconds)), utilisation, seconds, duty)

    def _watch_duty(self, situation: Situation) -> None:
        """Take how many of the wanted workers are at work; from when all are for the first time on."""
        seconds = situation.seconds_since(self._looked_at) if self._looked_at is not None else 0.0
        if self._looked_at is not None or situation.at_work:
            self._looked_at = situation.now
        wanted = min(situation.wanted, situation.remaining)
        if not 0 < seconds <= LONGEST_LOOK_SECONDS or situation.silent or not wanted:
            return
        kept = math.exp(-seconds / DUTY_SECONDS)
        working = min(wanted, sum(sample.state in AT_WORK for sample in situation.fresh.values()))
        self._wanted_seconds = kept * self._wanted_seconds + wanted * seconds
        self._worked_seconds = kept * self._worked_seconds + working * seconds

    def _gained(self, situation: Situation) -> int:
        """Return the seconds of audio that were heard since the last time, by processes that are there now."""
        told = {uid: sample.audio_seconds for uid, sample in situation.fresh.items()}
        gained = sum(max(0, heard - self._heard.get(uid, 0)) for uid, heard in told.items())
        known = {pod.uid for pod in situation.snapshot.pods}
        self._heard = {uid: heard for uid, heard in (self._heard | told).items() if uid in known}
        return gained

    def _append(self, span: _Span) -> None:
        self._spans.append(span)
        while span.until - self._spans[0].until > LONGEST:
            self._spans.popleft()


def _all_within_limits(situation: Situation) -> bool:
    revision = situation.workers.limits_revision
    return all((sample.limits_revision or 0) >= revision for sample in situation.fresh.values())


def _span(since: datetime, until: datetime, gained: int, utilisation: float | None) -> _Span:
    seconds = (until - since).total_seconds()
    return _Span(until, seconds, gained, None if utilisation is None else utilisation * seconds)


def _utilisation(situation: Situation) -> float | None:
    """Return the busy share of the workers' devices, on average."""
    by_device = {
        sample.gpu_uuid: sample.utilisation
        for sample in situation.fresh.values()
        if sample.gpu_uuid is not None and sample.utilisation is not None
    }
    return sum(by_device.values()) / len(by_device) if by_device else None
