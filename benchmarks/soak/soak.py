"""Rounds of runs on a development cluster, and samples of the operator and of its cluster."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from benchmarks.soak.courses import CLAIM, NAMESPACE, WORKERS, Course
from benchmarks.soak.judge import LEAST_RESTS
from benchmarks.soak.readings import METRICS_PORT, Readings
from benchmarks.soak.run import Ended, Run
from benchmarks.soak.sample import Sample
from dev.cluster import Cluster, NodeOptions
from dev.cluster.kubectl import kubectl
from dev.installation import IMAGES, Installation, claim, namespace
from ingestion_operator.kube import Kube

REPOSITORY = Path(__file__).parents[2]
SAMPLE_SECONDS = 10.0
REST_SECONDS = 6.0
"""So long is nothing to do after a round before the sample at rest is taken."""

_STAND_IN = REPOSITORY / "tests" / "operator" / "cluster" / "image"
"""What the operator's own tests take for a worker."""
_IMAGE = "ingestion-worker"
_PODS = len(Course) * (WORKERS + 2) + 8

Say = Callable[[str], None]


@dataclass(frozen=True)
class Soaked:
    """What came of it."""

    samples: list[Sample]
    runs: list[Ended]

    @property
    def problems(self) -> list[str]:
        """What runs did otherwise than they were to do."""
        return [run.problem for run in self.runs if run.problem]


def soak(minutes: float, folder: Path, say: Say) -> Soaked:
    """Bring up a cluster with the operator, and let runs come and go for so many minutes.

    The last round is finished, and there are as many rounds as a verdict needs.

    Raises:
        ChildDied: a part of the cluster ended by itself.
        OperatorDown: the operator did.
    """
    pods = NodeOptions(cpus=_PODS, gpus=_PODS, pods=_PODS, images={_IMAGE: _STAND_IN, **IMAGES})
    with Cluster(folder / "cluster", pods, say) as cluster:
        operator = _install(cluster)
        say("operator: installed with Helm, ready in a pod of its own")
        return asyncio.run(_Soak(cluster, operator, say).for_minutes(minutes))


def _install(cluster: Cluster) -> Installation:
    objects = [namespace(NAMESPACE), claim(CLAIM, NAMESPACE)]
    kubectl(cluster, "apply", "-f", "-", given={"apiVersion": "v1", "kind": "List", "items": objects})
    operator = Installation(cluster)
    operator.install({"scrapeIntervalSeconds": 1, "metrics": {"enabled": True, "port": METRICS_PORT}})
    operator.until_ready()
    return operator


class _Soak:
    def __init__(self, cluster: Cluster, operator: Installation, say: Say) -> None:
        self._cluster = cluster
        self._operator = operator
        self._say = say
        self._readings = Readings(cluster, operator)
        self._volume = cluster.folder / "volumes" / NAMESPACE / CLAIM
        self._soaked = Soaked([], [])
        self._numbers = count(1)
        self._began = time.monotonic()

    async def for_minutes(self, minutes: float) -> Soaked:
        rounds = 0
        async with await Kube.connect(self._cluster.kubeconfig) as kube, self._sampled() as sampling:
            while self._seconds < 60 * minutes or rounds < LEAST_RESTS:
                await self._round(kube)
                rounds += 1
                if sampling.done():
                    await sampling
        return self._soaked

    async def _round(self, kube: Kube) -> None:
        """Let a run of each course come and go, all at once, and take a sample when nothing is left of them."""
        runs = [Run(kube, f"run-{next(self._numbers):05}", course, self._volume) for course in Course]
        ended = await asyncio.gather(*(run.live() for run in runs))
        self._soaked.runs.extend(ended)
        for run in ended:
            if run.problem:
                self._say(run.problem)
        await asyncio.to_thread(self._check)
        await asyncio.sleep(REST_SECONDS)
        at_rest = await self._sample(resting=True)
        self._say(
            f"{at_rest.seconds:4.0f} s  {at_rest.runs} runs; at rest {at_rest.memory_bytes / 2**20:.1f} MiB, "
            f"{at_rest.open_files} files, {at_rest.threads} threads, {at_rest.series} series, {at_rest.objects}"
        )

    @asynccontextmanager
    async def _sampled(self) -> AsyncIterator[asyncio.Task[None]]:
        """Take samples until the block is left; the task that does ends before only if one cannot be taken."""
        sampling = asyncio.create_task(self._keep_sampling())
        try:
            yield sampling
        finally:
            sampling.cancel()
            with suppress(asyncio.CancelledError):
                await sampling

    async def _keep_sampling(self) -> None:
        while True:
            await self._sample(resting=False)
            await asyncio.sleep(SAMPLE_SECONDS)

    async def _sample(self, *, resting: bool) -> Sample:
        gone = len(self._soaked.runs)
        sample = await asyncio.to_thread(self._readings.sample, self._seconds, gone, resting=resting)
        self._soaked.samples.append(sample)
        return sample

    def _check(self) -> None:
        self._cluster.check()
        self._operator.check()

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._began
