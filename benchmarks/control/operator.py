"""The operator in a simulated cluster: the real observer and status, and one law or another between them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar, cast

from benchmarks.control import physics
from benchmarks.control.audit import Audit
from benchmarks.control.moments import moment
from benchmarks.control.scraper import SimulatedScraper
from benchmarks.control.views import first_status, job_of, pod_of, run_of
from benchmarks.control.world import World
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.pod import Step
from ingestion_operator.decision.decision import Decision
from ingestion_operator.decision.limits import current_limits
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.snapshot import Snapshot
from ingestion_operator.kube import Kube
from ingestion_operator.observe.cache import Cache
from ingestion_operator.observe.observer import Observer
from ingestion_operator.observe.pods import Pod
from ingestion_operator.observe.read_run import ReadRun
from ingestion_operator.status.report import next_status

Law = Callable[[Snapshot, datetime], Decision]
"""From what is seen, and the moment, to where the levers belong."""

KEPT_PODS = 8
"""Pods that have ended well and are still looked at; those before have told all that they have to tell."""

T = TypeVar("T")


class Operator:
    """Looks at a world as the reconciler does, and moves its levers as the law says."""

    def __init__(self, world: World, law: Law) -> None:
        self._law = law
        self._run = run_of(world.scenario)
        self._status = first_status(world.scenario, len(world.shards), world.controller.parallelism)
        scraper = SimulatedScraper(world)
        self._observer = _WorldObserver(world, scraper)
        self._audit = Audit(world, scraper, self._run.spec.memory.recovery_after_seconds)

    def look(self, world: World) -> None:
        """Observe, decide, write the status, and let the levers follow it."""
        now = moment(world.now)
        snapshot = _completed(self._observer.observe(ReadRun(self._run, 1, self._status)))
        decision = self._law(snapshot, now)
        self._audit.look(decision, world.controller.parallelism)
        self._status = next_status(snapshot, decision, None, now)
        after = Situation(replace(snapshot, status=self._status), now)
        world.set_parallelism(after.wanted)
        limits = current_limits(after)
        if limits != world.limits:
            world.set_limits(limits)


class _WorldObserver(Observer):
    """The observer, with a world instead of watches and sockets."""

    def __init__(self, world: World, scraper: SimulatedScraper) -> None:
        super().__init__("run", Cache(), cast(Kube, None), scraper, physics.LOOK_SECONDS, lambda: moment(world.now))
        self._world = world
        self._seen_at: float | None = None
        self._seen: tuple[Pod, ...] = ()
        self._noted = 0
        self._ended: dict[str, Pod] = {}

    def assemble(self, read: ReadRun) -> Snapshot:
        """Return what is known of the run without asking anybody."""
        pods = self._pods()
        known = {pod.uid for pod in pods}
        self._samples = {uid: sample for uid, sample in self._samples.items() if uid in known}
        return Snapshot(
            run=read.run,
            generation=read.generation,
            status=read.status,
            jobs={Step.WORK: job_of(self._world)},
            pods=pods,
            samples=dict(self._samples),
            tallies=self._tallies,
            neighbours=self._neighbours.least(),
            quiet_since=self._quiet_since,
            rate=self._meter.rate(),
            sample_valid_seconds=self._sample_valid_seconds,
        )

    def _pods(self) -> tuple[Pod, ...]:
        """Return the pods; nothing moves while the operator looks."""
        if self._seen_at != self._world.now:
            self._seen_at, self._seen = self._world.now, self._read_pods()
        return self._seen

    def _read_pods(self) -> tuple[Pod, ...]:
        world = self._world
        for pod in world.ended[self._noted :]:
            self._ended[pod.name] = pod_of(pod, world)
        self._noted = len(world.ended)
        done = [uid for uid, pod in self._ended.items() if pod.exit is not None and pod.exit.code == ExitCode.DONE]
        for uid in done[:-KEPT_PODS]:
            del self._ended[uid]
        present = [pod_of(pod, world) for pod in world.pods]
        gone = [pod_of(pod, world, gone=True) for pod in world.gone]
        return (*present, *self._ended.values(), *gone)


def _completed(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return the result of a coroutine that waits for nothing, since its world is at hand."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return cast(T, done.value)
    raise RuntimeError("the observer waits for something that a simulation does not have")
