"""One operator on a development cluster with many runs, measured while nothing changes, at work, and at its start."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.load.audit import WATCH, AuditLog, count, first
from benchmarks.load.contestant import Contestant, Operator
from benchmarks.load.copies import copy_of, write
from benchmarks.load.nodes import Found, Nodes
from benchmarks.load.outcome import Large, Outcome, Stretch
from benchmarks.load.population import (
    FINISHED_PER_ACTIVE,
    LARGE,
    NAMESPACE,
    WORKERS,
    Role,
    Run,
    active_runs,
    finished_manifest,
    finished_name,
    finished_status,
)
from benchmarks.reaction.timeline import Event, Kind, Reaction, reaction
from benchmarks.reaction.watch import Watch, administrator
from dev.cluster import Cluster
from dev.cluster.control_plane import Program
from dev.cluster.kubectl import kubectl
from dev.cluster.node.api import Api
from dev.installation import NAMESPACE as OPERATOR_NAMESPACE
from dev.installation import RELEASE, operator_kubeconfig, provide_identity
from ingestion_operator.desired.names import selector
from ingestion_operator.desired.pod_template import READINESS_PERIOD_SECONDS
from ingestion_operator.kube import Kube, Object
from ingestion_operator.resources import CONFIG_MAPS, JOBS, PODS, RUNS

METRICS_INTERVAL_SECONDS = 30.0
"""As in the chart's ServiceMonitor."""
PROBES = 10
"""Runs that are applied one after another, to see how soon each is answered."""
SPACING_SECONDS = 1.5
MOST_SHORT = 40
"""Runs whose memory runs out."""
LARGE_SHARDS_TO_END = 12

_POLL_SECONDS = 0.5
_ANSWER_SECONDS = 120.0
_PATIENCE_SECONDS = 900.0
_QUIET_SECONDS = 25.0
"""Longer than two readings of the workers' metrics."""
_LONGEST_SETTLING_SECONDS = 240.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What is measured, and how thoroughly.

    Attributes:
        runs: active ones; there are five times as many that have ended.
        window_seconds: of each stretch that is measured.
        large: what discovery finds for the run of 100,000 videos; None leaves that out.
    """

    contestant: Contestant
    runs: int
    window_seconds: float
    large: Found | None = None


def measure(plan: Plan, folder: Path, say: Say) -> Outcome:
    """Bring up a cluster with the runs, and return what the operator takes to serve them.

    Raises:
        TimeoutError: the runs were not all at work in time.
        ChildDied: a part of the cluster, or the operator, ended by itself.
    """
    with Cluster(folder / "cluster", report=say) as cluster:
        # What pods get is played, so that 500 of them fit on any machine: nobody else is to place or run them.
        cluster.control_plane.kill(Program.SCHEDULER)
        cluster.node.kill()
        provide_identity(cluster)
        kubectl(cluster, "create", "namespace", NAMESPACE)
        kubectl(cluster, "get", RUNS.plural, "-n", NAMESPACE)  # which tries again while the new kind is not served yet
        if plan.contestant is Contestant.MINIMAL:
            account = f"--serviceaccount={OPERATOR_NAMESPACE}:{RELEASE}"
            kubectl(cluster, "create", "clusterrolebinding", "minimal", "--clusterrole=cluster-admin", account)
        kubeconfig = operator_kubeconfig(cluster, folder / "operator.kubeconfig")
        operator = Operator(plan.contestant, kubeconfig, folder / "operator.log")
        try:
            return asyncio.run(_Scene(cluster, operator, plan, say).play())
        finally:
            operator.stop()


class _Scene:
    def __init__(self, cluster: Cluster, operator: Operator, plan: Plan, say: Say) -> None:
        self._cluster = cluster
        self._operator = operator
        self._plan = plan
        self._say = say
        self._watch = Watch(cluster, NAMESPACE)
        account = f"system:serviceaccount:{OPERATOR_NAMESPACE}:{RELEASE}"
        self._audit = AuditLog(cluster.folder / "logs" / "control-plane" / "audit.jsonl", account)
        self._runs = active_runs(plan.runs)

    async def play(self) -> Outcome:
        async with Api(*administrator(self._cluster)) as api, await Kube.connect(self._cluster.kubeconfig) as kube:
            self._kube = kube
            self._nodes = Nodes(api, self._plan.large or Found())
            async with self._nodes.following(), self._watch.following():
                return await self._measure()

    async def _measure(self) -> Outcome:
        ours = self._plan.contestant is Contestant.OURS
        await self._begin()
        await self._multiply()
        start_seconds = await self._start_anew()
        settled = await self._settle()
        self._say(f"{self._nodes.running} workers run, {len(self._nodes.queued)} pods wait for a GPU")
        steady = await self._stretch("nothing changes")
        self._nodes.ends_videos = True
        busy = await self._stretch("each worker ends a video a minute") if ours else None
        self._nodes.ends_videos = False
        delays = await self._probe()
        reactions = await self._run_out_of_memory() if ours else []
        large = await self._add_large() if ours and self._plan.large is not None else None
        return Outcome(
            contestant=self._plan.contestant,
            runs=self._plan.runs,
            finished=self._plan.runs * FINISHED_PER_ACTIVE,
            start_seconds=start_seconds,
            settled=settled,
            steady=steady,
            busy=busy,
            reconcile_seconds=delays,
            short=len(self._to_run_short) if ours else 0,
            reactions=reactions,
            large=large,
        )

    async def _begin(self) -> None:
        """Let one run of each kind come to where all shall be, and stop the operator."""
        created = await self._kube.create(RUNS, finished_manifest())
        await self._kube.replace_status(RUNS, {**created, "status": finished_status()})
        self._operator.start()
        seeds = self._seeds
        for run in seeds.values():
            await self._create(run)

        def all_there() -> bool:
            pods = self._nodes.running == WORKERS and len(self._nodes.queued) == 1
            known = self._plan.contestant is Contestant.MINIMAL or self._has_budget(seeds[Role.AT_WORK])
            return pods and known

        await self._until("a run of each kind is where it shall be", _ANSWER_SECONDS, all_there)
        await self._settle()
        await asyncio.to_thread(self._operator.stop)

    @property
    def _seeds(self) -> dict[Role, Run]:
        """The first run of each role."""
        return {run.role: run for run in reversed(self._runs)}

    async def _multiply(self) -> None:
        """Let there be all runs, with their Jobs, pods and ConfigMaps."""
        finished = self._plan.runs * FINISHED_PER_ACTIVE
        self._say(f"{finished} runs that have ended, and {len(self._runs)} that have not: being created")
        others = {finished_name(0): [finished_name(number) for number in range(1, finished)]}
        for role, seed in self._seeds.items():
            others[seed.name] = [run.name for run in self._runs if run.role is role and run != seed]
        # All are read before any is written: the API server has much to do while copies come.
        families = {name: await self._family(name) for name in others}
        copies = (each for name in others for new in others[name] for each in copy_of(families[name], name, new))
        await asyncio.to_thread(write, self._cluster, copies)
        at_work = sum(run.role is Role.AT_WORK for run in self._runs)
        queued = len(self._runs) - at_work

        def all_there() -> bool:
            pods = self._nodes.running == WORKERS * at_work and len(self._nodes.queued) == queued
            return pods and len(self._watch.statuses) == finished + len(self._runs)

        await self._until("all runs are there, and their pods have a status", _PATIENCE_SECONDS, all_there)

    async def _family(self, name: str) -> list[Object]:
        """Return a run and what it has."""
        run = await self._kube.get(RUNS, NAMESPACE, name)
        family = [run]
        for kind, resource in {"Job": JOBS, "Pod": PODS, "ConfigMap": CONFIG_MAPS}.items():
            found = await self._kube.select(resource, NAMESPACE, selector(run["metadata"]["uid"]))
            version = f"{resource.group}/{resource.version}".removeprefix("/")
            family += [{"apiVersion": version, "kind": kind, **each} for each in found.items]
        return family

    async def _create(self, run: Run) -> None:
        await self._kube.create(RUNS, run.manifest())

    def _has_budget(self, run: Run) -> bool:
        return bool(self._watch.statuses.get(run.name, {}).get("memory", {}).get("budgetBytes"))

    async def _settle(self) -> bool:
        """Wait until the operator has asked nothing for a while, and return whether it came to that."""

        def quiet() -> bool:
            last = max((each.at for each in self._audit.requests() if each.verb != WATCH), default=0.0)
            return time.time() - last > _QUIET_SECONDS

        try:
            await self._until("the operator asks nothing of the API server", _LONGEST_SETTLING_SECONDS, quiet)
        except TimeoutError as problem:
            self._say(f"{problem}; it is measured all the same")
            return False
        return True

    async def _stretch(self, what: str) -> Stretch:
        """Measure what the operator uses for a while."""
        seconds = self._plan.window_seconds
        self._say(f"{what}: measuring for {seconds:.0f} s")
        since, before = time.time(), self._operator.usage()
        psutil.cpu_percent()
        resident, page_seconds = [self._operator.resident_bytes()], [0.0]
        next_page = time.monotonic()
        while time.time() - since < seconds:
            await asyncio.sleep(1.0)
            self._check()
            resident.append(self._operator.resident_bytes())
            if time.monotonic() >= next_page:
                next_page = time.monotonic() + METRICS_INTERVAL_SECONDS
                page_seconds.append(await asyncio.to_thread(self._operator.scrape))
        until, after = time.time(), self._operator.usage()
        found = Stretch(
            seconds=until - since,
            worker_pods=self._nodes.running,
            cores=(after.cpu_seconds - before.cpu_seconds) / (after.at - before.at),
            resident_bytes=max(resident),
            requests=count(self._audit.requests(), since, until),
            page_seconds=max(page_seconds),
            machine_percent=psutil.cpu_percent(),
            load_average=psutil.getloadavg()[0],
        )
        self._say(found.words())
        return found

    async def _probe(self) -> list[float]:
        """Apply runs one after another, and return how long it took until the operator asked for each one's Job."""
        return [await self._delay(Run(f"{Role.QUEUED}-probe-{number:02}", Role.QUEUED)) for number in range(PROBES)]

    async def _delay(self, run: Run) -> float:
        await self._create(run)
        created_at = time.time()
        asked_at = await self._until_asked(run)
        await asyncio.sleep(SPACING_SECONDS)
        return max(0.0, asked_at - created_at)

    async def _until_asked(self, run: Run) -> float:
        def asked() -> float | None:
            return first(self._audit.requests(), "create", "jobs", run.name)

        at: float = await self._until(f"the Job of {run.name} is created", _PATIENCE_SECONDS, asked)
        return at

    @property
    def _to_run_short(self) -> list[Run]:
        return [run for run in self._runs if run.role is Role.AT_WORK][:MOST_SHORT]

    async def _run_out_of_memory(self) -> list[Reaction]:
        """Let the memory of some runs run out, each at a moment of chance, and return how the operator answered."""
        chosen = self._to_run_short
        kinds = [list(Kind)[number % len(Kind)] for number in range(len(chosen))]
        window = SPACING_SECONDS * len(chosen)
        self._say(f"memory runs out in {len(chosen)} runs within {window:.0f} s")
        events = await asyncio.gather(
            *(self._short(run, kind, random.uniform(0, window)) for run, kind in zip(chosen, kinds, strict=True))
        )

        def found() -> list[Reaction]:
            answers = [
                reaction(run.name, kind, [event], self._watch.sightings, WORKERS, float("inf"))
                for run, kind, event in zip(chosen, kinds, events, strict=True)
            ]
            return [each for each in answers if each is not None]

        def all_answered() -> bool:
            there = found()
            return len(there) == len(chosen) and all(each.patched_at is not None for each in there)

        try:
            await self._until("every Job is patched", _ANSWER_SECONDS, all_answered)
        except TimeoutError as problem:
            self._say(f"{problem}; what came until then is reported")
        return found()

    async def _short(self, run: Run, kind: Kind, after: float) -> Event:
        await asyncio.sleep(after)
        at = time.time()
        pod = self._nodes.run_out_of_memory(run.name, exits=kind is Kind.EXITS)
        if kind is Kind.WAITS:
            # A kubelet asks at an interval, of which some part has passed.
            await asyncio.sleep(random.uniform(0, READINESS_PERIOD_SECONDS))
            await self._nodes.turn_not_ready(pod)
        return Event(at, pod, kind, 0.0)

    async def _add_large(self) -> Large:
        """Add the run of 100,000 videos, and return what it is like when some of its shards have ended."""
        assert self._plan.large is not None
        before = self._operator.resident_bytes()
        run = Run(LARGE, Role.LARGE)
        await self._create(run)
        ended = f"{LARGE_SHARDS_TO_END} shards of the run of {self._plan.large.videos} videos have ended"
        await self._until(ended, 5 * _ANSWER_SECONDS, lambda: self._nodes.ended >= LARGE_SHARDS_TO_END)
        raw = await self._kube.get(RUNS, NAMESPACE, LARGE)
        grown = self._operator.resident_bytes() - before
        return Large.of(raw, grown)

    async def _start_anew(self) -> float:
        """Start the operator with all objects there, and return the seconds until it served a run that waited."""
        run = Run(f"{Role.QUEUED}-zz-last", Role.QUEUED)
        await self._create(run)
        self._operator.start()
        started_at = time.time()
        seconds = await self._until_asked(run) - started_at
        self._say(f"started with all of them there, it served a run that waited after {seconds:.1f} s")
        return seconds

    async def _until(self, what: str, seconds: float, look: Callable[[], Any]) -> Any:
        limit = time.monotonic() + seconds
        while not (found := look()):
            self._check()
            if time.monotonic() > limit:
                raise TimeoutError(f"it did not come to this in {seconds:.0f} s: {what}")
            await asyncio.sleep(_POLL_SECONDS)
        return found

    def _check(self) -> None:
        self._cluster.control_plane.check()
        self._operator.check()
        self._nodes.check()
