"""What workers say when they are asked, where the answers are lost now and then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil
from random import Random

from benchmarks.control.moments import moment
from benchmarks.control.worker import Phase, Worker
from benchmarks.control.world import World
from ingestion_contract.metrics import Result, Stage, WorkerState
from ingestion_operator.observe.pods import Pod
from ingestion_operator.observe.worker_sample import WorkerSample

QUEUED_WINDOWS = 48
"""That wait for the device while it is behind: half of what a worker's inbox holds."""

_STATES = {
    Phase.WAITING: WorkerState.WAITING_FOR_MEMORY,
    Phase.WORKING: WorkerState.WORKING,
    Phase.EMBEDDING: WorkerState.WORKING,
}


class SimulatedScraper:
    """Reads the workers of a world.

    Attributes:
        answered: when each pod's answer last came, by pod uid.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.answered: dict[str, float] = {}
        self._chance = Random(f"{world.scenario.family}/{world.scenario.seed}/scrapes")

    async def scrape(self, pods: Iterable[Pod]) -> Mapping[str, WorkerSample]:
        """Return the samples by pod uid; a pod whose answer is lost is left out."""
        cluster, now = self._world.scenario.cluster, self._world.now
        if any(span.holds(now) for span in cluster.silent):
            return {}
        asked = {pod.uid for pod in pods if self._chance.random() >= cluster.scrape_lost}
        answers = {pod.name: self._sample(pod.worker) for pod in self._world.pods if pod.name in asked and pod.worker}
        self.answered.update(dict.fromkeys(answers, now))
        return answers

    def _sample(self, worker: Worker) -> WorkerSample:
        flow = worker.flow
        starved = flow is not None and flow.starved
        return WorkerSample(
            at=moment(self._world.now),
            state=_STATES.get(worker.phase, WorkerState.STARTING),
            gpu_uuid=worker.gpu.uuid,
            device_used=worker.gpu.used,
            device_total=worker.gpu.spec.card.memory,
            own=worker.own,
            floor=worker.floor,
            window_bytes=worker.window_bytes,
            batch_size=ceil(flow.batch) if flow is not None else None,
            batch_ceiling=worker.batch_ceiling,
            batch_overhead=worker.overhead,
            utilisation=worker.gpu.busy,
            windows_waiting=0 if flow is None or starved else QUEUED_WINDOWS,
            limiting=None if flow is None else Stage.FETCH if starved else Stage.ASR,
            oom_events=worker.out_of_memory,
            audio_seconds=int(worker.audio),
            limits_revision=worker.limits.revision,
            results={(Result.SUCCEEDED, ""): worker.recorded} if worker.recorded else {},
        )
