"""The operator of a development cluster is killed again and again, each time when memory is about to run out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from benchmarks.availability.outage import Cause, Outage, outage
from benchmarks.reaction.runs import NAMESPACE, WORKERS, Run, install, node, steady
from benchmarks.reaction.timeline import Kind, Reaction
from benchmarks.reaction.watch import Watch
from dev.cluster import Cluster
from dev.installation import Installation
from ingestion_operator.kube import Kube
from ingestion_operator.resources import RUNS

SHORT_AFTER_SECONDS = 0.3
"""Memory runs out so soon after the operator is killed, which is long before it can be back."""

_START_SECONDS = 300.0
_ANSWER_SECONDS = 120.0
_POLL_SECONDS = 0.2

Say = Callable[[str], None]
Found = TypeVar("Found")


def measure(causes: Sequence[Cause], folder: Path, say: Say) -> list[Outage]:
    """Bring up a cluster with a run for each cause, let these happen one after another, and return what each meant.

    Raises:
        TimeoutError: not all workers were at work in time, or a run was not answered.
        ChildDied: a part of the cluster ended by itself.
    """
    with Cluster(folder / "cluster", node(len(causes)), say) as cluster:
        return asyncio.run(_Scene(cluster, install(cluster), say).play(causes))


class _Scene:
    def __init__(self, cluster: Cluster, operator: Installation, say: Say) -> None:
        self._cluster = cluster
        self._operator = operator
        self._say = say
        self._watch = Watch(cluster, NAMESPACE)

    async def play(self, causes: Sequence[Cause]) -> list[Outage]:
        runs = [Run(f"run-{number:03}", Kind.WAITS) for number in range(len(causes))]
        async with self._watch.following(), await Kube.connect(self._cluster.kubeconfig) as kube:
            for run in runs:
                await kube.create(RUNS, run.manifest())
            self._say(f"{len(runs)} runs of {WORKERS} workers: starting")
            at_work = "all workers are at work"
            await self._until(at_work, _START_SECONDS, lambda: all(steady(self._watch, run) for run in runs))
            return [await self._go_through(cause, run) for cause, run in zip(causes, runs, strict=True)]

    async def _go_through(self, cause: Cause, run: Run) -> Outage:
        self._operator.until_ready()
        if cause is Cause.CRASH:
            self._operator.kill()
        elif cause is Cause.POD:
            self._operator.lose_pod()
        killed_at = time.time()
        short_at = killed_at + SHORT_AFTER_SECONDS
        run.run_out_of_memory(self._cluster, short_at)

        def answer() -> Reaction | None:
            found = run.reaction(self._cluster, self._watch.sightings)
            return found if found is not None and found.patched_at and found.relieved_at else None

        found = await self._until(f"{run.name} is answered", _ANSWER_SECONDS, answer)
        measured = outage(cause, short_at if cause is Cause.NONE else killed_at, found, run.events(self._cluster))
        self._say(f"{run.name}, {cause}: {measured.to_patch:.1f} s until its Job was patched")
        return measured

    async def _until(self, what: str, seconds: float, look: Callable[[], Found | None]) -> Found:
        limit = time.monotonic() + seconds
        while not (found := look()):
            self._cluster.check()
            if time.monotonic() > limit:
                raise TimeoutError(f"it did not come to this in {seconds:.0f} s: {what}")
            await asyncio.sleep(_POLL_SECONDS)
        return found
