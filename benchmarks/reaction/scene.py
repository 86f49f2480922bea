"""Many runs at once on the development cluster, with stand-in workers whose memory runs out at a moment of chance."""

from __future__ import annotations

import asyncio
import random
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.reaction.report import Load
from benchmarks.reaction.runs import NAMESPACE, WORKERS, Run, install, node, steady
from benchmarks.reaction.timeline import Kind, Reaction
from benchmarks.reaction.watch import Watch
from dev.cluster import Cluster
from dev.installation import Installation
from ingestion_operator.kube import Kube
from ingestion_operator.resources import RUNS

REPOSITORY = Path(__file__).parents[2]
SPACING_SECONDS = 1.2
"""On average, from one run's moment to the next one's; they lie by chance."""

_START_SECONDS = 240.0
_REACTION_SECONDS = 45.0
_LEAD_SECONDS = 2.0
_POLL_SECONDS = 0.5

Say = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What came of the runs, and what the machine had to do meanwhile."""

    reactions: list[Reaction]
    load: Load


def measure(count: int, folder: Path, recordings: Path, say: Say) -> Outcome:
    """Bring up a cluster and so many runs, let the memory of each run out, and return how the operator answered.

    Args:
        count: runs at once, of each kind as many.
        folder: for the cluster.
        recordings: an empty folder for the operator's decisions.
        say: is told what is done.

    Raises:
        TimeoutError: not all workers were at work in time.
        ChildDied: a part of the cluster ended by itself.
        OperatorDown: the operator did.
    """
    kinds = list(Kind)
    runs = [Run(f"run-{number:03}", kinds[number % len(kinds)]) for number in range(count)]
    with Cluster(folder / "cluster", node(count), say) as cluster:
        operator = install(cluster)
        outcome = asyncio.run(_Scene(cluster, operator, runs, say).play())
        shutil.copytree(operator.recordings, recordings, dirs_exist_ok=True)
        return outcome


class _Scene:
    def __init__(self, cluster: Cluster, operator: Installation, runs: Sequence[Run], say: Say) -> None:
        self._cluster = cluster
        self._operator = operator
        self._runs = runs
        self._say = say
        self._watch = Watch(cluster, NAMESPACE)

    async def play(self) -> Outcome:
        async with self._watch.following(), await Kube.connect(self._cluster.kubeconfig) as kube:
            self._say(f"{len(self._runs)} runs of {WORKERS} workers: starting")
            for run in self._runs:
                await kube.create(RUNS, run.manifest())
            await self._until("all workers are at work", _START_SECONDS, self._steady)
            pods = sum(self._watch.ready_workers(run.name) for run in self._runs)
            window = SPACING_SECONDS * len(self._runs)
            self._say(f"{pods} workers are at work; memory runs out in each run within the next {window:.0f} s")
            process, started = psutil.Process(self._operator.pid), time.monotonic()
            psutil.cpu_percent()
            busy = _cpu_seconds(process)
            self._set_moments(window)
            await asyncio.sleep(_LEAD_SECONDS + window)
            operator_percent = 100 * (_cpu_seconds(process) - busy) / (time.monotonic() - started)
            load = Load(pods, psutil.cpu_percent(), operator_percent)
            await self._settle()
        return Outcome(self._reactions(), load)

    def _steady(self) -> bool:
        return all(steady(self._watch, run) for run in self._runs)

    def _set_moments(self, window: float) -> None:
        now = time.time() + _LEAD_SECONDS
        for run in self._runs:
            run.run_out_of_memory(self._cluster, now + random.uniform(0, window))

    async def _settle(self) -> None:
        """Wait until the memory of every run is under the line again, or the time for that has passed."""

        def all_relieved() -> bool:
            found = self._reactions()
            return len(found) == len(self._runs) and all(each.relieved_at and each.patched_at for each in found)

        try:
            await self._until("memory is under the line again everywhere", _REACTION_SECONDS, all_relieved)
        except TimeoutError as problem:
            self._say(f"{problem}; what came until then is reported")

    async def _until(self, what: str, seconds: float, holds: Callable[[], object]) -> None:
        limit = time.monotonic() + seconds
        while not holds():
            self._cluster.check()
            self._operator.check()
            if time.monotonic() > limit:
                raise TimeoutError(f"it did not come to this in {seconds:.0f} s: {what}")
            await asyncio.sleep(_POLL_SECONDS)

    def _reactions(self) -> list[Reaction]:
        found = (run.reaction(self._cluster, self._watch.sightings) for run in self._runs)
        return [each for each in found if each is not None]


def _cpu_seconds(process: psutil.Process) -> float:
    """Return the CPU time that a process has taken."""
    times = process.cpu_times()
    return times.user + times.system
