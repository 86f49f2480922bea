"""The simulated cluster: pods, devices and a source, moved from event to event; between two, all rates are constant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from random import Random
from typing import Protocol

from benchmarks.control import physics
from benchmarks.control.device import Gpu
from benchmarks.control.job_controller import JobController
from benchmarks.control.rates import share
from benchmarks.control.scenario import Scenario
from benchmarks.control.shard import Shard
from benchmarks.control.worker import Conduct, Worker
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.limits import Limits
from ingestion_operator.desired.jobs import BACKOFF_LIMIT

ALMOST = 1e-6


@dataclass(eq=False)
class SimulatedPod:
    """A pod of the work Job. Times are seconds since the run's work began; None until it comes to that.

    Attributes:
        gpu: its device, once it is scheduled.
        starts_at: when its container will run.
        limits: that are to reach its worker, each with the moment.
        fails_at: audio-seconds of its shard at which the source fails it.
        refused_at: when its worker will have been told that it is blocked.
    """

    name: str
    index: int
    created_at: float
    fails_at: float
    gpu: Gpu | None = None
    starts_at: float = inf
    started_at: float | None = None
    worker: Worker | None = None
    ready_since: float | None = None
    unready_since: float | None = None
    removed_at: float | None = None
    refused_at: float = inf
    limits: list[tuple[float, Limits]] = field(default_factory=list)
    stepped_at: float = 0.0
    exit_code: int | None = None
    ended_at: float | None = None

    @property
    def scheduled(self) -> bool:
        """Whether it has a device."""
        return self.gpu is not None

    @property
    def running(self) -> bool:
        """Whether its container runs."""
        return self.worker is not None


class Acting(Protocol):
    """Whoever looks at the cluster every few seconds and moves its levers."""

    def look(self, world: World) -> None:
        """Look, decide, and call `World.set_parallelism` and `World.set_limits`."""


@dataclass(frozen=True)
class Broken:
    """How often workers were added without a reason.

    Attributes:
        in_silence: while a worker was not heard.
        after_trouble: within the time of recovery after an allocation failed, or while somebody waited for memory.
        above_ceiling: above what it was lowered to for want of memory, within the first hold and with the cause there.
    """

    in_silence: int = 0
    after_trouble: int = 0
    above_ceiling: int = 0


@dataclass
class Account:
    """What a run has used and seen.

    Attributes:
        gpu_seconds: of devices on which there was at least one pod.
        memory: moments, and the share in use of the fullest device then, in percent.
        changes: of parallelism.
        broken: rules that were.
    """

    gpu_seconds: float = 0.0
    memory: list[tuple[float, float]] = field(default_factory=list)
    changes: int = 0
    broken: Broken = Broken()


class World:
    """A scenario at work.

    Args:
        shards: what is to be done.
        parallelism: to begin with.
        limits: of every worker, to begin with.
        conduct: how workers behave.
        beat: seconds between two updates of the workers' memory and law.
        looks: seconds between two looks of the operator.
        start: the moment at which the work begins.
    """

    def __init__(
        self,
        scenario: Scenario,
        shards: Sequence[Shard],
        parallelism: int,
        limits: Limits,
        conduct: Conduct | None = None,
        beat: float = physics.BEAT_SECONDS,
        looks: float = physics.LOOK_SECONDS,
        start: float = 0.0,
    ) -> None:
        self.scenario = scenario
        self.shards = list(shards)
        self.now = start
        self.limits = limits
        self.gpus = [Gpu(f"GPU-{number}", device) for number, device in enumerate(scenario.devices)]
        self.controller = JobController(len(self.shards), parallelism)
        self.pods: list[SimulatedPod] = []
        self.ended: list[SimulatedPod] = []
        self.gone: list[SimulatedPod] = []
        self.account = Account()
        self._conduct = conduct or Conduct()
        self._beat = beat
        self._looks = looks
        self._attempts = [0] * len(self.shards)
        self._next_beat = start
        self._next_look = start
        self._turns = _turning_points(scenario, start)
        self._mean_video = scenario.audio_seconds / len(scenario.durations)

    @property
    def complete(self) -> bool:
        """Whether every shard is done."""
        return self.controller.complete

    def set_parallelism(self, value: int) -> None:
        """Move the lever."""
        if value != self.controller.parallelism:
            self.account.changes += 1
            self.controller.parallelism = value

    def set_limits(self, limits: Limits) -> None:
        """Write the limits, and touch the pods."""
        self.limits = limits
        lag = self.scenario.cluster.limits_lag
        for pod in self.pods:
            chance = Random(f"{pod.name}/{limits.revision}")
            pod.limits.append((self.now + (chance.uniform(*physics.TOUCHED_SECONDS) if lag is None else lag), limits))

    def run(self, operator: Acting | None, until: float) -> None:
        """Let time pass until all is done, or so long."""
        while not self.complete and self.now < until:
            self._act(operator)
            self._advance(min(until, self._next_event(operator)))

    def _act(self, operator: Acting | None) -> None:
        """Do all that is due now."""
        for pod in [*self.pods]:
            self._move(pod)
        self._meet_turning_points()
        for gpu in self.gpus:
            gpu.settle_neighbours(self.now)
        if self.now >= self._next_beat - ALMOST:
            self._next_beat = self.now + self._beat
            self._step_all()
        if operator is not None and self.now >= self._next_look - ALMOST:
            self._next_look = self.now + self._looks
            operator.look(self)
            self.gone.clear()
        self._control()
        self._schedule()
        self._share_devices()

    def _move(self, pod: SimulatedPod) -> None:
        """Take a pod as far as it comes."""
        while pod.limits and pod.limits[0][0] <= self.now + ALMOST:
            limits = pod.limits.pop(0)[1]
            if pod.worker is not None:
                pod.worker.apply(limits)
        if pod.removed_at is not None:
            if pod.worker is None or self.now >= pod.removed_at + physics.STOP_SECONDS - ALMOST:
                self._end(pod, ExitCode.STOPPED)
            return
        if pod.worker is None:
            if self.now >= pod.starts_at - ALMOST:
                self._start(pod)
            return
        self._work(pod, pod.worker)

    def _work(self, pod: SimulatedPod, worker: Worker) -> None:
        worked = worker.works
        if worker.flow is not None and worker.shard.left <= ALMOST:
            self._step(pod, worker)
            worker.finish(self.now)
        elif worker.flow is not None and worker.shard.heard >= pod.fails_at - ALMOST:
            self._end(pod, ExitCode.FAILURE)
            return
        elif worker.wake_at is not None and self.now >= worker.wake_at - ALMOST:
            worker.wake(self.now)
        if self.now >= pod.refused_at - ALMOST:
            self._end(pod, ExitCode.SOURCE_BLOCKED)
            return
        if worker.exit_code is not None:
            self._end(pod, worker.exit_code)
            return
        if worker.works and not worked:
            pod.stepped_at = self.now
            if self._blocked:
                pod.refused_at = self.now + physics.REFUSED_SECONDS
        self._probe(pod, worker)

    def _probe(self, pod: SimulatedPod, worker: Worker) -> None:
        if worker.ready != (pod.ready_since is not None):
            pod.ready_since = self.now if worker.ready else None
            pod.unready_since = None if worker.ready else self.now
            self._notice()

    def _start(self, pod: SimulatedPod) -> None:
        assert pod.gpu is not None
        chance = Random(f"{self.scenario.family}/{self.scenario.seed}/{pod.name}/pauses")
        shard = self.shards[pod.index]
        pod.worker = Worker(self.scenario, pod.gpu, shard, self.limits, self._conduct, chance, self.now)
        pod.started_at = pod.stepped_at = self.now
        self._probe(pod, pod.worker)

    def _end(self, pod: SimulatedPod, code: int) -> None:
        if pod.worker is not None:
            if code != ExitCode.DONE:
                pod.worker.shard.fall_back()
            pod.worker.stop(code)
        pod.exit_code, pod.ended_at, pod.ready_since = code, self.now, None
        self.pods.remove(pod)
        (self.ended if pod.removed_at is None else self.gone).append(pod)
        removed = pod.removed_at is not None
        self.controller.ended(pod.index, succeeded=code == ExitCode.DONE, removed=removed, now=self.now)
        self._notice()

    def _notice(self) -> None:
        self._next_look = min(self._next_look, self.now + physics.NOTICED_SECONDS)

    @property
    def _blocked(self) -> bool:
        return any(span.holds(self.now) for span in self.scenario.source.blocked)

    def _meet_turning_points(self) -> None:
        while self._turns and self._turns[0] <= self.now + ALMOST:
            moment = self._turns.pop(0)
            if moment in self.scenario.cluster.preempted and self.pods:
                self._remove(min(self.pods, key=lambda pod: pod.created_at))
            if any(span.start == moment for span in self.scenario.source.blocked):
                for pod in self.pods:
                    if pod.worker is not None and pod.worker.works:
                        pod.refused_at = self.now + physics.PREFETCHED_SECONDS

    def _step_all(self) -> None:
        for pod in self.pods:
            if pod.worker is not None and pod.removed_at is None:
                self._step(pod, pod.worker)
                self._probe(pod, pod.worker)
        fullest = max(100 * gpu.used / gpu.spec.card.memory for gpu in self.gpus)
        self.account.memory.append((self.now, fullest))

    def _step(self, pod: SimulatedPod, worker: Worker) -> None:
        worker.step(self.now, self.now - pod.stepped_at)
        pod.stepped_at = self.now

    def _control(self) -> None:
        for pod in self.controller.surplus(self.pods):
            self._remove(pod)
        for index in self.controller.missing(self.pods, self.now):
            self._create(index)

    def _remove(self, pod: SimulatedPod) -> None:
        """Ask a pod to go."""
        if pod.worker is None:
            pod.removed_at = self.now
            self._end(pod, ExitCode.STOPPED)
        elif pod.removed_at is None:
            pod.removed_at, pod.ready_since, pod.worker.flow = self.now, None, None

    def _create(self, index: int) -> None:
        attempt = self._attempts[index]
        self._attempts[index] += 1
        chance = Random(f"{self.scenario.family}/{self.scenario.seed}/{index}/{attempt}/failing")
        fails = attempt < BACKOFF_LIMIT and chance.random() < self.scenario.source.failing
        left = self.shards[index].left
        fails_at = self.shards[index].heard + chance.random() * left if fails else inf
        self.pods.append(SimulatedPod(f"run-{index}-{attempt}", index, self.now, fails_at))

    def _schedule(self) -> None:
        """Give pods the device with the most free slots, of equals the first."""
        for pod in self.pods:
            if pod.gpu is not None or pod.removed_at is not None:
                continue
            taken = [sum(other.gpu is gpu for other in self.pods) for gpu in self.gpus]
            free, _, gpu = max(
                (gpu.spec.slots - count, -number, gpu)
                for number, (gpu, count) in enumerate(zip(self.gpus, taken, strict=True))
            )
            if free > 0:
                chance = Random(f"{self.scenario.family}/{self.scenario.seed}/{pod.name}/start")
                pod.gpu = gpu
                pod.starts_at = self.now + chance.uniform(*self.scenario.cluster.pod_start)

    def _share_devices(self) -> None:
        hearing = [pod.worker for pod in self.pods if pod.worker is not None and self._hears(pod)]
        for gpu in self.gpus:
            workers = [worker for worker in hearing if worker.gpu is gpu]
            demands = tuple(worker.demand(self._supply(worker, len(hearing))) for worker in workers)
            flows = share(demands, self.scenario.times(gpu.spec)) if demands else ()
            gpu.busy = min(1.0, sum(flow.busy for flow in flows))
            for worker, flow in zip(workers, flows, strict=True):
                worker.flow = flow

    def _hears(self, pod: SimulatedPod) -> bool:
        return pod.worker is not None and pod.worker.hears and pod.removed_at is None

    def _supply(self, worker: Worker, count: int) -> float:
        """Return the windows a second that the source brings to one of so many workers."""
        source = self.scenario.source
        seconds = min(source.per_worker, source.in_all / count)
        if worker.limits.videos_per_hour is not None:
            seconds = min(seconds, worker.limits.videos_per_hour * self._mean_video / 3600)
        return round(seconds / physics.AUDIO_SECONDS_PER_WINDOW, 6)

    def _next_event(self, operator: Acting | None) -> float:
        moments = [self._next_beat]
        if operator is not None:
            moments.append(self._next_look)
        if self._turns:
            moments.append(self._turns[0])
        backed_off = self.controller.next_at(self.pods, self.now)
        if backed_off is not None:
            moments.append(backed_off)
        for pod in self.pods:
            moments += self._moments(pod)
        return max(self.now, min(moments))

    def _moments(self, pod: SimulatedPod) -> list[float]:
        if pod.removed_at is not None:
            return [pod.removed_at + physics.STOP_SECONDS]
        worker = pod.worker
        if worker is None:
            return [pod.starts_at]
        moments = [pod.refused_at]
        if pod.limits:
            moments.append(pod.limits[0][0])
        if worker.wake_at is not None:
            moments.append(worker.wake_at)
        if worker.flow is not None:
            speed = worker.flow.windows * physics.AUDIO_SECONDS_PER_WINDOW
            until = min(worker.shard.left, max(0.0, pod.fails_at - worker.shard.heard))
            moments.append(self.now + until / speed)
        return moments

    def _advance(self, moment: float) -> None:
        seconds = moment - self.now
        for pod in self.pods:
            if pod.worker is not None:
                pod.worker.hear(seconds)
        self.account.gpu_seconds += seconds * len({id(pod.gpu) for pod in self.pods if pod.gpu is not None})
        self.now = moment


def _turning_points(scenario: Scenario, start: float) -> list[float]:
    """Return the moments at which the world itself changes, in order."""
    spans = [*scenario.source.blocked, *(visit for device in scenario.devices for visit in device.visits)]
    moments = {moment for span in spans for moment in (span.start, span.end)} | set(scenario.cluster.preempted)
    return sorted(moment for moment in moments if moment >= start)
