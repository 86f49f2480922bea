"""How far a run is, from what its workers say. Pure."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingestion_contract.metrics import Stage, WorkerState
from ingestion_worker.local.metrics_page import Page
from ingestion_worker.local.tally import Tally, count

WINDOW_SECONDS = 60.0
"""Throughput is that of the last minute."""

LEAST_SHARE = 0.01
"""Of the work: before that, nobody knows how long it takes."""


@dataclass(frozen=True)
class Progress:
    """What is shown of a run.

    Attributes:
        name: the run's.
        device: in words; `simulated` if it is none.
        total: videos.
        tally: their outcomes so far.
        elapsed: seconds since this command began to work.
        audio_rate: audio-hours per hour of speech recognition, in the last minute.
        remaining: seconds that the rest will take, None where nobody knows.
        states: how many workers are in which state; None for those that have not been heard.
        batch, ceiling: the largest of all workers.
        used, total_bytes: of the device; 0 without one.
    """

    name: str
    device: str
    simulated: bool
    target_percent: int
    total: int
    tally: Tally
    elapsed: float
    audio_rate: float
    remaining: float | None
    states: dict[WorkerState | None, int]
    batch: int
    ceiling: int
    oom_events: int
    used: int
    total_bytes: int
    utilisation: float | None
    waiting: dict[Stage, int]
    limiting: Stage | None


@dataclass
class Meter:
    """Makes progress from pages, one after the other.

    Args:
        audio_total: seconds of audio that the list promises; None where it does not know all durations.
    """

    name: str
    device: str
    simulated: bool
    target_percent: int
    total: int
    audio_total: float | None
    began: float
    at_start: Tally
    audio_ended: float = 0.0
    oom_ended: int = 0
    _window: deque[tuple[float, float]] = field(default_factory=deque)

    def ended(self, page: Page) -> None:
        """Keep the counts of a worker that has ended."""
        self.audio_ended += page.audio_seconds
        self.oom_ended += page.oom_events

    def progress(self, base: Tally, pages: Sequence[Page], now: float) -> Progress:
        """Return how far the run is.

        Args:
            base: what was recorded before these workers began.
            pages: what the workers say that run now.
            now: seconds of a steady clock.
        """
        tally = sum((count(page.results) for page in pages), base)
        audio = self.audio_ended + sum(page.audio_seconds for page in pages)
        newest = max(pages, key=lambda page: page.used, default=Page())
        waiting: Counter[Stage] = Counter()
        for page in pages:
            waiting.update(page.waiting)
        limiting = Counter(page.limiting for page in pages if page.limiting is not None).most_common(1)
        return Progress(
            name=self.name,
            device=self.device,
            simulated=self.simulated,
            target_percent=self.target_percent,
            total=self.total,
            tally=tally,
            elapsed=now - self.began,
            audio_rate=self._rate(audio, now),
            remaining=self._remaining(tally, audio, now),
            states=dict(Counter(page.state for page in pages)),
            batch=max((page.batch for page in pages), default=0),
            ceiling=max((page.ceiling for page in pages), default=0),
            oom_events=self.oom_ended + sum(page.oom_events for page in pages),
            used=newest.used,
            total_bytes=newest.total,
            utilisation=newest.utilisation,
            waiting=dict(waiting),
            limiting=limiting[0][0] if limiting else None,
        )

    def _rate(self, audio: float, now: float) -> float:
        self._window.append((now, audio))
        while now - self._window[0][0] > WINDOW_SECONDS and len(self._window) > 2:
            self._window.popleft()
        then, before = self._window[0]
        return (audio - before) / (now - then) if now > then else 0.0

    def _remaining(self, tally: Tally, audio: float, now: float) -> float | None:
        """By videos or by audio, whichever is further: the longest come first, and captions are not heard."""
        to_do = self.total - self.at_start.done
        share = (tally.done - self.at_start.done) / to_do if to_do else 1.0
        if self.audio_total:
            share = max(share, min(1.0, audio / self.audio_total))
        return None if share < LEAST_SHARE else (now - self.began) * (1 - share) / share
