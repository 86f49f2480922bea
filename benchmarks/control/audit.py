"""Holds a law's steps up to the rules, by what is so in the simulated cluster and not by what the law believes."""

from __future__ import annotations

from math import inf

from benchmarks.control.scraper import SimulatedScraper
from benchmarks.control.worker import Phase
from benchmarks.control.world import Broken, World
from ingestion_operator.decision.ceiling import FIRST_HOLD_SECONDS
from ingestion_operator.decision.decision import Decision, Lever
from ingestion_operator.decision.policies.recovery import REASON as RECOVERY
from ingestion_operator.decision.situation import TELEMETRY_GRACE_SECONDS

SILENT_SECONDS = 16.0
"""A worker that has not answered for so long is not heard: the operator believes a sample for 15 s."""


class Audit:
    """Looks at each decision."""

    def __init__(self, world: World, scraper: SimulatedScraper, recovery_seconds: float) -> None:
        self._world = world
        self._scraper = scraper
        self._recovery = recovery_seconds
        self._lowered: list[tuple[float, int]] = []

    def look(self, decision: Decision, before: int) -> None:
        """Take a decision, and the number of workers before it."""
        change, now = decision.change, self._world.now
        if change is None or change.lever is not Lever.PARALLELISM:
            return
        if change.ceiling:
            self._lowered.append((now, change.value))
        if change.reason != RECOVERY or change.value <= before:
            return
        known = self._world.account.broken
        self._world.account.broken = Broken(
            known.in_silence + self._silence(now),
            known.after_trouble + self._trouble(now),
            known.above_ceiling
            + any(at > now - FIRST_HOLD_SECONDS and change.value > value for at, value in self._lowered),
        )

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
