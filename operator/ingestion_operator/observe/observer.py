"""Watching one run: its objects from the cache, its workers' metrics from the workers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from ingestion_contract.pod import Step
from ingestion_contract.spec import IngestionRun
from ingestion_operator.clock import Clock
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.snapshot import Snapshot
from ingestion_operator.decision.stage import result_is_lost
from ingestion_operator.desired.names import selector
from ingestion_operator.kube import Kube
from ingestion_operator.observe.assemble import assemble
from ingestion_operator.observe.cache import Cache
from ingestion_operator.observe.neighbours import Neighbours
from ingestion_operator.observe.pods import Pod
from ingestion_operator.observe.rate import RateMeter
from ingestion_operator.observe.read_run import ReadRun
from ingestion_operator.observe.scrape import Scraper
from ingestion_operator.observe.tally import Tally, update_tallies
from ingestion_operator.observe.worker_sample import WorkerSample
from ingestion_operator.resources import JOBS, PODS

SHORTEST_SCRAPE_INTERVAL = timedelta(seconds=1)
SHORTEST_SAMPLE_LIFE_SECONDS = 15.0


class Observer:
    """Makes snapshots of one run. What it keeps in memory may be lost: it only makes the next snapshot better."""

    def __init__(
        self, run_uid: str, cache: Cache, kube: Kube, scraper: Scraper, scrape_interval_seconds: float, clock: Clock
    ) -> None:
        self._uid = run_uid
        self._cache = cache
        self._kube = kube
        self._scraper = scraper
        self._sample_valid_seconds = max(SHORTEST_SAMPLE_LIFE_SECONDS, 3 * scrape_interval_seconds)
        self._clock = clock
        self._samples: dict[str, WorkerSample] = {}
        self._tallies: dict[int, Tally] = {}
        self._neighbours = Neighbours()
        self._meter = RateMeter()
        self._quiet_since = clock()
        self._scraped_at: datetime | None = None
        self._scraped_ready: set[str] = set()

    async def observe(self, read: ReadRun) -> Snapshot:
        """Return what is to be seen of the run now.

        Raises:
            ApiError: the API server did not answer well.
        """
        snapshot = self.assemble(read)
        if result_is_lost(snapshot):
            # The watch of pods may be behind that of Jobs: only the API server knows that a pod has gone.
            await self.refresh(read.run)
            snapshot = self.assemble(read)
        await self._scrape(snapshot)
        snapshot = self.assemble(read)
        self._tallies = update_tallies(self._tallies, snapshot.pods_of(Step.WORK), self._samples)
        situation = Situation(snapshot, self._clock())
        self._watch_quiet(situation)
        self._meter.add(situation)
        return replace(snapshot, tallies=dict(self._tallies), quiet_since=self._quiet_since, rate=self._meter.rate())

    def assemble(self, read: ReadRun) -> Snapshot:
        """Return what is known of the run without asking anybody."""
        pods = self._cache.pods_of(self._uid) + self._cache.gone_pods_of(self._uid)
        known = {pod.uid for pod in pods}
        self._samples = {uid: sample for uid, sample in self._samples.items() if uid in known}
        return assemble(
            read,
            self._cache.jobs_of(self._uid),
            pods,
            self._samples,
            self._tallies,
            self._neighbours.least(),
            self._quiet_since,
            self._meter.rate(),
            self._sample_valid_seconds,
        )

    async def refresh(self, run: IngestionRun) -> None:
        """Read what is there: the watches may be behind, and tell nothing of what went while they were cut off.

        Raises:
            ApiError: the API server did not answer well.
        """
        namespace, labels = run.metadata.namespace, selector(self._uid)
        self._cache.replace_jobs(self._uid, await self._kube.select(JOBS, namespace, labels))
        self._cache.replace_pods(self._uid, await self._kube.select(PODS, namespace, labels))

    async def _scrape(self, snapshot: Snapshot) -> None:
        running = [pod for pod in snapshot.pods_of(Step.WORK) if pod.staying and pod.running]
        if running and self._due(running):
            self._scraped_at = self._clock()
            self._scraped_ready = {pod.uid for pod in running if pod.ready}
            answers = await self._scraper.scrape(running)
            holders = [pod.uid for pod in snapshot.pods if pod.step is Step.WORK and pod.active and pod.running]
            self._neighbours.add(holders, answers)
            self._samples |= answers

    def _due(self, running: Iterable[Pod]) -> bool:
        """Return whether workers may be asked again; one that has turned not ready since is asked at once."""
        if self._scraped_at is None or self._clock() - self._scraped_at >= SHORTEST_SCRAPE_INTERVAL:
            return True
        return any(pod.uid in self._scraped_ready and not pod.ready for pod in running)

    def _watch_quiet(self, situation: Situation) -> None:
        """Start the quiet time anew when memory is short or somebody is not heard."""
        known = situation.snapshot.status.memory.oom_by_pod
        oom_seen = any(sample.oom_events > known.get(uid, 0) for uid, sample in situation.fresh.items())
        if situation.waiting or situation.silent or oom_seen:
            self._quiet_since = situation.now
