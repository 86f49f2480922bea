"""One look at one run: observe, decide, apply."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ingestion_contract.identity import RUN_LABEL
from ingestion_contract.limits import Limits
from ingestion_contract.pod import Step
from ingestion_contract.spec import IngestionRun
from ingestion_contract.status import IngestionRunStatus
from ingestion_operator.apply import jobs, objects
from ingestion_operator.apply.events import post
from ingestion_operator.apply.limits import read_limits, touch_pods, write_limits
from ingestion_operator.apply.ownership import BeingRemoved, Obstacle
from ingestion_operator.apply.status import write_status
from ingestion_operator.clock import Clock
from ingestion_operator.decision.decide import decide
from ingestion_operator.decision.decision import Decision, Finding
from ingestion_operator.decision.limits import current_limits
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.snapshot import Snapshot
from ingestion_operator.decision.stage import current_step, result_is_lost
from ingestion_operator.desired.config_maps import run_config_map
from ingestion_operator.desired.pod_template import WorkerSettings
from ingestion_operator.kube import Kube
from ingestion_operator.observe.cache import Cache
from ingestion_operator.observe.doubt import in_doubt
from ingestion_operator.observe.ends import EndsOfPods
from ingestion_operator.observe.next_look import FULL_LOOK_SECONDS, seconds_to_next_look
from ingestion_operator.observe.observer import Observer
from ingestion_operator.observe.packed import PackedRun
from ingestion_operator.observe.read_run import ReadRun, UnusableSpec, read_run
from ingestion_operator.observe.recording import Record, Recorder
from ingestion_operator.observe.scrape import Scraper
from ingestion_operator.resources import CONFIG_MAPS
from ingestion_operator.run_log import RunLog
from ingestion_operator.status.moments import possible
from ingestion_operator.status.notices import as_of, notices
from ingestion_operator.status.report import acknowledge, invalid_spec, next_status
from ingestion_operator.telemetry.metrics import Metrics

_logger = logging.getLogger(__name__)

OBSTACLE_RETRY_SECONDS = 30.0
REMOVAL_RETRY_SECONDS = 1.0
LONGEST_REMOVAL_SECONDS = 60.0
"""What an earlier run of the name has left goes in less, or something keeps it."""
TOUCH_AGAIN_SECONDS = 60.0
"""After which pods are annotated again that could not be: a kubelet reads limits by itself about as often."""
RETOLD = timedelta(minutes=5)
"""What has happened in this time is posted once more by a new operator; an event that is there is not doubled."""


@dataclass(frozen=True)
class Settings:
    """How the operator is configured.

    Attributes:
        workers: image and service account of the workers' pods.
        scrape_interval_seconds: how often the workers' metrics are read.
        frozen: whether the levers stay where they are.
        recorder: keeps every decision with what it was taken from; None keeps none.
        metrics: where looks, decisions and scrapes are counted.
    """

    workers: WorkerSettings
    scrape_interval_seconds: float = 5.0
    frozen: bool = False
    recorder: Recorder | None = None
    metrics: Metrics = field(default_factory=Metrics)


@dataclass(frozen=True)
class Look:
    """When a run is to be looked at again, unless something happens before; None is never."""

    again_after: float | None
    ended: bool = False


_FULL_LOOK = timedelta(seconds=FULL_LOOK_SECONDS)
"""While something is not as it should be, what the run has is read as often."""
_ENDED = Look(None, ended=True)


class Reconciler:
    """Looks at one run; the only one who writes what belongs to it."""

    def __init__(
        self, run_uid: str, cache: Cache, kube: Kube, scraper: Scraper, settings: Settings, clock: Clock
    ) -> None:
        self._uid = run_uid
        self._cache = cache
        self._kube = kube
        self._settings = settings
        self._clock = clock
        self._scraper = scraper
        self._begin()
        # Nobody says when all that is there has been listed, and a run whose pods are not known looks like one that has
        # lost them. (Kopf's indices would say it, but its start then takes time with the square of the objects.)
        self._trusts_watches = False
        self._manifest_written: bool | None = None
        self._limits_written: Limits | None = None
        self._obstacle: Finding | None = None
        self._removal_since: datetime | None = None
        self._told = False
        self._ends = EndsOfPods()
        self._latest: tuple[PackedRun, ReadRun] | None = None
        self._seen: Snapshot | None = None

    def _begin(self) -> None:
        """Begin to measure."""
        self._observer = Observer(
            self._uid, self._cache, self._kube, self._scraper, self._settings.scrape_interval_seconds, self._clock
        )
        self._looked_at = self._read_at = self._touch_again_at = self._clock()

    @property
    def seen(self) -> Snapshot | None:
        """What was seen of the run at the latest look, if it was looked at."""
        return self._seen

    async def look(self) -> Look:
        """Look at the run once, and do what is to be done.

        Raises:
            Conflict: the run has changed meanwhile; look again.
            NotFound: something went meanwhile; look again.
            ApiError: the API server did not answer well.
        """
        self._watch_clock()
        packed = self._cache.runs.get(self._uid)
        if packed is None or packed.deleting:
            return _ENDED
        try:
            latest = self._latest_of(packed)
        except UnusableSpec as problem:
            return await self._refuse(packed, str(problem))
        if latest.status.completion_time is not None:
            await self._leave(packed, latest)
            await self._tell(latest.run, latest.status, latest.status)
            return _ENDED
        return await self._advance(packed, latest)

    def _watch_clock(self) -> None:
        """Begin anew, as a new operator would, where the clock was put back: what was measured is of another time."""
        if self._clock() < self._looked_at:
            self._begin()
        self._looked_at = self._clock()

    def read_again(self) -> None:
        """Let the next look trust nothing that was read or written before."""
        self._trusts_watches = False
        self._manifest_written = False

    def _latest_of(self, packed: PackedRun) -> ReadRun:
        """Read the run, unless this version of it has been read: most looks find nothing new of it."""
        if self._latest is None or self._latest[0] is not packed:
            self._latest = packed, read_run(packed)
        return self._latest[1]

    async def _observe(self, latest: ReadRun) -> Snapshot:
        """Return what is to be seen, and read what the run has where that is not to be trusted."""
        if not self._trusts_watches:
            await self._read(latest.run)
        snapshot = await self._observer.observe(latest)
        if self._clock() - self._read_at >= _FULL_LOOK and in_doubt(snapshot, self._clock()):
            self._manifest_written = False
            await self._read(latest.run)
            snapshot = await self._observer.observe(latest)
        return snapshot

    async def _read(self, run: IngestionRun) -> None:
        await self._observer.refresh(run)
        self._trusts_watches, self._read_at, self._limits_written = True, self._clock(), None

    async def _recall(self, snapshot: Snapshot) -> None:
        """Find out what was written, if that is not known: the manifest is, before any Job, and limits can be read."""
        step = current_step(snapshot)
        if self._manifest_written is None:
            self._manifest_written = step in snapshot.jobs
        if self._limits_written is None and step is Step.WORK and step in snapshot.jobs:
            self._limits_written = await read_limits(self._kube, snapshot)

    async def _advance(self, packed: PackedRun, latest: ReadRun) -> Look:
        run = latest.run
        snapshot = self._seen = await self._observe(latest)
        await self._recall(snapshot)
        self._ends.tell(run.metadata.namespace, run.metadata.name, snapshot.pods)
        now, written = self._clock(), snapshot.status
        snapshot = replace(snapshot, status=possible(written, now))
        decision = self._decide(snapshot, now)
        status = next_status(snapshot, decision, self._obstacle, now)
        if status != written or self._moves_something(replace(snapshot, status=status)):
            # Also a status that is the same: the API server refuses it if another operator has written one meanwhile,
            # and nothing must be moved after a status that is not the latest.
            await self._write(packed, status)
        if decision is not None and decision.change is not None:
            self._settings.metrics.count_decision(decision.change)
        self._forget_gone(snapshot)
        try:
            return await self._follow(replace(snapshot, status=status))
        finally:
            await self._tell(run, snapshot.status, status)

    async def _tell(self, run: IngestionRun, before: IngestionRunStatus, after: IngestionRunStatus) -> None:
        """Post what has happened; at the first look, and after a failure, also what may not have been posted before."""
        now = self._clock()
        news = notices(before if self._told else as_of(before, now - RETOLD), after)
        self._told = False
        await post(self._kube, run, news, now)
        self._told = True

    def _decide(self, snapshot: Snapshot, now: datetime) -> Decision | None:
        work = snapshot.jobs.get(Step.WORK)
        if current_step(snapshot) is not Step.WORK or work is None or snapshot.run.spec.suspend:
            return None
        frozen, recorder = self._settings.frozen, self._settings.recorder
        decision = decide(snapshot, now, frozen=frozen)
        if recorder is not None:
            recorder.add(Record(now, frozen, snapshot, decision))
        return decision

    async def _follow(self, snapshot: Snapshot) -> Look:
        """Make the cluster follow the status."""
        if snapshot.status.completion_time is not None:
            await self._let_expire(snapshot)
            return _ENDED
        try:
            await self._converge(snapshot)
        except Obstacle as problem:
            return self._meet(problem)
        except BeingRemoved as problem:
            return self._wait_for_removal(problem, snapshot.run)
        self._removal_since = None
        if self._obstacle is not None:
            self._obstacle = None
            return Look(0.0)
        return Look(seconds_to_next_look(snapshot, self._clock(), self._settings.scrape_interval_seconds))

    def _meet(self, obstacle: Obstacle) -> Look:
        """Let the status tell of an obstacle at once, and try again later."""
        known, self._obstacle = self._obstacle, Finding(obstacle.reason, obstacle.message)
        told = known is not None and known.reason == obstacle.reason
        return Look(OBSTACLE_RETRY_SECONDS if told else 0.0)

    def _wait_for_removal(self, problem: BeingRemoved, run: IngestionRun) -> Look:
        """Try again soon; what does not go is an obstacle."""
        now, meta = self._clock(), run.metadata
        if self._removal_since is None:
            RunLog(_logger, meta.namespace, meta.name).info("%s", problem)
            self._removal_since = now
        if now - self._removal_since < timedelta(seconds=LONGEST_REMOVAL_SECONDS):
            return Look(REMOVAL_RETRY_SECONDS)
        mend = f"kubectl get pods -l {RUN_LABEL}={meta.name} tells what keeps it"
        return self._meet(Obstacle("NameTaken", f"{problem}; {mend}"))

    def _moves_something(self, snapshot: Snapshot) -> bool:
        """Return whether a Job or the workers' limits are not as the status says."""
        step, now = current_step(snapshot), self._clock()
        limits = current_limits(Situation(snapshot, now))
        return bool(jobs.wanted_change(snapshot, step, now)) or (step is Step.WORK and limits != self._limits_written)

    async def _converge(self, snapshot: Snapshot) -> None:
        run, step = snapshot.run, current_step(snapshot)
        if result_is_lost(snapshot):
            await jobs.remove_again(self._kube, run, snapshot.jobs[step])
            return
        limits = current_limits(Situation(snapshot, self._clock()))
        if not self._manifest_written:
            await objects.ensure(self._kube, CONFIG_MAPS, run, run_config_map(run))
            self._manifest_written = True
        if step is Step.WORK and step not in snapshot.jobs:
            await self._write_limits(snapshot, limits)
        changed = await jobs.follow(self._kube, snapshot, step, self._settings.workers, self._clock())
        if changed is not None and step in snapshot.jobs:
            self._cache.update_job(self._uid, changed)
        elif changed is not None:
            self._cache.put_job(self._uid, changed)
        if step is Step.WORK:
            await self._write_limits(snapshot, limits)
            if limits.revision and self._clock() >= self._touch_again_at:
                await self._touch_pods(snapshot, limits.revision)

    async def _write_limits(self, snapshot: Snapshot, limits: Limits) -> None:
        if limits != self._limits_written:
            await write_limits(self._kube, snapshot, limits)
            self._limits_written = limits

    async def _touch_pods(self, snapshot: Snapshot, revision: int) -> None:
        """Let the kubelets read the limits at once. Where that is refused, it only takes longer, and nothing fails."""
        touched = await touch_pods(self._kube, snapshot, revision)
        for pod in touched.pods:
            self._cache.update_pod(self._uid, pod)
        if touched.refusal is not None:
            self._touch_again_at = self._clock() + timedelta(seconds=TOUCH_AGAIN_SECONDS)
            meta = snapshot.run.metadata
            RunLog(_logger, meta.namespace, meta.name).warning(
                "limits reach some workers only when their kubelets read them: %s", touched.refusal
            )

    async def _let_expire(self, snapshot: Snapshot) -> None:
        for job in await jobs.let_expire(self._kube, snapshot):
            self._cache.update_job(self._uid, job)

    async def _leave(self, packed: PackedRun, latest: ReadRun) -> None:
        """Do what is left to do for a run that has ended."""
        snapshot = self._observer.assemble(latest)
        self._forget_gone(snapshot)
        await self._acknowledge(packed, latest.status, latest.generation)
        await self._let_expire(snapshot)

    def _forget_gone(self, snapshot: Snapshot) -> None:
        self._cache.forget_gone(self._uid, [pod.uid for pod in snapshot.pods if pod.gone])

    async def _acknowledge(self, packed: PackedRun, status: IngestionRunStatus, generation: int) -> None:
        if status.observed_generation != generation:
            await self._write(packed, acknowledge(status, generation, self._clock()))

    async def _refuse(self, packed: PackedRun, message: str) -> Look:
        """Say what is wrong with a spec; a run that has ended stays as it ended, whatever became of its spec since."""
        raw = packed.unpack()
        before, generation = IngestionRunStatus.from_wire(raw.get("status") or {}), raw["metadata"]["generation"]
        if before.completion_time is not None:
            await self._acknowledge(packed, before, generation)
            return _ENDED
        status = invalid_spec(before, generation, message, self._clock())
        if status != before:
            await self._write(packed, status)
        return Look(None)

    async def _write(self, packed: PackedRun, status: IngestionRunStatus) -> None:
        self._cache.runs.update(await write_status(self._kube, packed.unpack(), status))
