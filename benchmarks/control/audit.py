"""Holds a law's steps up to the rules, by what is so in the simulated cluster and not by what the law believes."""

from __future__ import annotations

from collections import deque
from math import inf

from benchmarks.control import physics
from benchmarks.control.scraper import SimulatedScraper
from benchmarks.control.worker import Phase
from benchmarks.control.world import Broken, World
from ingestion_operator.decision.ceiling import FIRST_HOLD_SECONDS
from ingestion_operator.decision.decision import Decision, Lever
from ingestion_operator.decision.policies.recovery import REASON as RECOVERY
from ingestion_operator.decision.situation import TELEMETRY_GRACE_SECONDS

SILENT_SECONDS = 16.0
"""A worker that has not answered for so long is not heard: the operator believes a sample for 15 s."""

RECENT_LOOKS = 6
"""Of the operator, which sees that neighbours have come when they are there in a few readings in a row."""


class Audit:
    """Looks at each decision."""

    def __init__(self, world: World, scraper: SimulatedScraper, recovery_seconds: float) -> None:
        self._world = world
        self._scraper = scraper
        self._recovery = recovery_seconds
        self._ceiling: tuple[float, int, int] | None = None
        self._others: deque[int] = deque(maxlen=RECENT_LOOKS)

    def look(self, decision: Decision, before: int) -> None:
        """Take a decision, and the number of workers before it."""
        change, now = decision.change, self._world.now
        others = sum(gpu.others for gpu in self._world.gpus)
        self._others.append(others)
        if change is None or change.lever is not Lever.PARALLELISM:
            return
        if change.ceiling:
            self._ceiling = now, change.value, others
        if change.reason != RECOVERY or change.value <= before:
            return
        known = self._world.account.broken
        self._world.account.broken = Broken(
            known.in_silence + self._silence(now),
            known.after_trouble + self._trouble(now),
            known.above_ceiling + self._above_ceiling(now, change.value),
        )

    def _above_ceiling(self, now: float, value: int) -> bool:
        """Return whether a ceiling is passed that holds; its cause is gone once neighbours leave room for a worker."""
        if self._ceiling is None:
            return False
        lowered_at, ceiling, others = self._ceiling
        gone = others - min(self._others) >= self._world.scenario.need(1, physics.TEXT_TOKENS)
        return value > ceiling and now - lowered_at < FIRST_HOLD_SECONDS and not gone

    def _silence(self, now: float) -> bool:
        return any(
            now - self._scraper.answered.get(pod.name, pod.started_at) > SILENT_SECONDS
            for pod in self._world.pods
            if pod.started_at is not None
            and pod.removed_at is None
            and now - pod.started_at > TELEMETRY_GRACE_SECONDS + SILENT_SECONDS
        )

    def _trouble(self, now: float) -> bool:
        latest = max((gpu.failures[-1] for gpu in self._world.gpus if gpu.failures), default=-inf)
        waits = any(pod.worker is not None and pod.worker.phase is Phase.WAITING for pod in self._world.pods)
        return waits or now - latest < self._recovery
