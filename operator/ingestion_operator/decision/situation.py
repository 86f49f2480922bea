"""What a snapshot means for memory: who is there, on which device, needing how much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.metrics import WorkerState
from ingestion_contract.pod import Step
from ingestion_contract.spec import Memory, Parallelism
from ingestion_contract.status import MeasuredFloor, WorkersStatus
from ingestion_contract.summary import MemoryReport, ShardSummary
from ingestion_operator.decision.decision import Lever
from ingestion_operator.decision.floors import remembered, robust_floor
from ingestion_operator.decision.snapshot import Snapshot
from ingestion_operator.observe.pods import Exit, Pod
from ingestion_operator.observe.worker_sample import WorkerSample

TELEMETRY_GRACE_SECONDS = 60.0
"""A process that has just started may not serve metrics yet."""

AT_WORK = (WorkerState.WORKING, WorkerState.WAITING_FOR_SOURCE)
"""States of a worker that has its models."""


@dataclass(frozen=True)
class Gpu:
    """A device and the workers on it.

    Attributes:
        uuid: the device's name.
        total: its size in bytes.
        used: bytes in use, by all processes.
        neighbours: bytes in use by others than the run's workers, as far as known.
        claims: workers that are on it, or were until their memory ran out.
        floors: what those workers measured that they need at the least, in bytes.
    """

    uuid: str
    total: int
    used: int
    neighbours: int
    claims: int
    floors: tuple[int, ...]

    def fit(self, floor: int, target_percent: int) -> int:
        """Return how many workers of that floor fit under the target, beside the neighbours."""
        return self.room(target_percent) // floor

    def room(self, target_percent: int) -> int:
        """Return the bytes that all workers of the run together may use."""
        return max(0, self.total * target_percent // 100 - self.neighbours)


@dataclass(frozen=True)
class Situation:
    """A snapshot at a moment, with what follows from it computed once."""

    snapshot: Snapshot
    now: datetime

    @cached_property
    def bounds(self) -> Parallelism:
        """The bounds of parallelism."""
        return self.snapshot.run.spec.parallelism()

    @property
    def memory(self) -> Memory:
        """How memory is governed."""
        return self.snapshot.run.spec.memory

    @cached_property
    def workers(self) -> WorkersStatus:
        """The lever as it stands."""
        return self.snapshot.status.workers or WorkersStatus(parallelism=self.bounds.initial)

    @property
    def wanted(self) -> int:
        """Worker pods wanted until now."""
        return self.workers.parallelism

    def lever(self, lever: Lever) -> int:
        """Return where a lever stands."""
        return self.wanted if lever is Lever.PARALLELISM else self.workers.budget_percent

    @property
    def seconds_left(self) -> float:
        """How long the work that is left will take, at the pace until now; endless as long as nothing is done."""
        videos, work = self.snapshot.status.videos, self.snapshot.jobs.get(Step.WORK)
        done = videos.succeeded + videos.failed + videos.skipped
        if work is None or not done:
            return float("inf")
        return self.seconds_since(work.created_at) * max(0, videos.total - done) / done

    @cached_property
    def active(self) -> tuple[Pod, ...]:
        """Pods that hold, or will hold, a device: also those that are on their way out."""
        return tuple(pod for pod in self.snapshot.pods_of(Step.WORK) if pod.active)

    @cached_property
    def staying(self) -> tuple[Pod, ...]:
        """Active pods that nobody has asked to go."""
        return tuple(pod for pod in self.active if pod.staying)

    @cached_property
    def fresh(self) -> Mapping[str, WorkerSample]:
        """Samples of the staying pods that say something about now, by pod uid."""
        oldest = self.now - timedelta(seconds=self.snapshot.sample_valid_seconds)
        known = ((pod.uid, self.snapshot.samples.get(pod.uid)) for pod in self.staying)
        return {uid: sample for uid, sample in known if sample is not None and sample.at >= oldest}

    @cached_property
    def silent(self) -> tuple[Pod, ...]:
        """Staying pods that run for long enough to be heard, and are not."""
        since = self.now - timedelta(seconds=TELEMETRY_GRACE_SECONDS)
        return tuple(
            pod
            for pod in self.staying
            if pod.running and pod.uid not in self.fresh and (pod.started_at is None or pod.started_at <= since)
        )

    @cached_property
    def all_heard(self) -> bool:
        """Whether every wanted worker runs and has been heard of lately."""
        there = min(self.wanted, self.remaining)
        return len(self.fresh) == len(self.staying) >= there > 0 and all(pod.running for pod in self.staying)

    @cached_property
    def at_work(self) -> bool:
        """Whether every wanted worker has been heard of lately, and has its models."""
        return self.all_heard and all(sample.state in AT_WORK for sample in self.fresh.values())

    @cached_property
    def one_works(self) -> bool:
        """Whether at least one worker has been heard of lately, and works."""
        return any(sample.state is WorkerState.WORKING for sample in self.fresh.values())

    @cached_property
    def waiting(self) -> int:
        """Workers that wait for memory at their floor."""
        return sum(sample.waits_for_memory for sample in self.fresh.values())

    @cached_property
    def exhausted(self) -> tuple[Exit, ...]:
        """Exits for want of memory since the lever was last moved."""
        return self._exits_since(self.workers.changed_at, ExitCode.MEMORY_EXHAUSTED)

    @cached_property
    def blocked(self) -> tuple[Exit, ...]:
        """Exits because the source blocks this address, since that was last answered."""
        return self._exits_since(self.snapshot.status.source.changed_at, ExitCode.SOURCE_BLOCKED)

    @cached_property
    def remaining(self) -> int:
        """Shards that are neither done nor given up."""
        work = self.snapshot.jobs.get(Step.WORK)
        videos = self.snapshot.status.video_list
        return work.remaining if work is not None else videos.shards if videos is not None else 0

    @cached_property
    def floor(self) -> int | None:
        """What one worker needs at the least: the robust one of the last measurements, else what was known before."""
        largest = max((gpu.total for gpu in self.gpus), default=None)
        return robust_floor(self.floors, largest) or self.snapshot.status.memory.floor_bytes

    @cached_property
    def floors(self) -> list[MeasuredFloor]:
        """The last measurements of what a worker needs at the least."""
        measured = {uid: sample.floor for uid, sample in self.fresh.items() if sample.floor}
        for pod in self.snapshot.pods_of(Step.WORK):
            if pod.exit in self.exhausted and (report := _report(pod.exit)) is not None and report.floor_bytes:
                measured[pod.uid] = report.floor_bytes
        return remembered(self.snapshot.status.memory.floors, measured)

    @cached_property
    def gpus(self) -> tuple[Gpu, ...]:
        """The devices that the workers have told of."""
        uuids = {sample.gpu_uuid for sample in self.fresh.values()} | {report.gpu_uuid for report in self._reports}
        return tuple(gpu for uuid in sorted(filter(None, uuids)) if (gpu := self._gpu(uuid)).total > 0)

    @property
    def devices(self) -> int:
        """On how many devices workers are heard, or were at once before: some may be between two shards now."""
        return max(len(self.gpus), self.snapshot.status.memory.devices)

    @property
    def neighbour_bytes(self) -> int:
        """What others hold of the workers' devices, as far as known."""
        return sum(gpu.neighbours for gpu in self.gpus)

    @property
    def neighbours_known(self) -> bool:
        """Whether a worker on each of the devices tells what others hold there."""
        return len(self.gpus) == self.devices

    @property
    def exclusive(self) -> bool:
        """Whether each worker is seen to have a device of its own, so that fewer workers free nothing."""
        return len(self.gpus) > 1 and all(gpu.claims == 1 for gpu in self.gpus)

    @property
    def shared(self) -> bool:
        """Whether workers share a device, or were seen to."""
        heard = Counter(sample.gpu_uuid for sample in self.fresh.values() if sample.gpu_uuid is not None)
        return self.snapshot.status.memory.shared or max(heard.values(), default=0) > 1

    @property
    def next_may_have_its_own(self) -> bool:
        """Whether the next worker may get a device that no worker has told of yet: none has had to share until now."""
        return self.exclusive and not self.shared

    def device_of(self, pod: Pod) -> str | None:
        """Return the device that a pod has told of."""
        sample = self.snapshot.samples.get(pod.uid)
        return sample.gpu_uuid if sample is not None else None

    def seconds_since(self, moment: datetime | None) -> float:
        """Return the age of a moment; that of none is endless."""
        return (self.now - moment).total_seconds() if moment is not None else float("inf")

    @cached_property
    def _reports(self) -> Sequence[MemoryReport]:
        return [report for ended in self.exhausted if (report := _report(ended)) is not None]

    def _gpu(self, uuid: str) -> Gpu:
        samples = [sample for sample in self.fresh.values() if sample.gpu_uuid == uuid]
        reports = [report for report in self._reports if report.gpu_uuid == uuid]
        return Gpu(
            uuid=uuid,
            total=_latest(samples, lambda sample: sample.device_total)
            or max((r.total_bytes for r in reports), default=0),
            used=_latest(samples, lambda sample: sample.device_used) or 0,
            neighbours=self.snapshot.neighbours.get(uuid, 0),
            claims=min(len(samples) + len(reports), max(1, self.wanted)),
            floors=tuple(sample.floor for sample in samples if sample.floor),
        )

    def _exits_since(self, since: datetime | None, code: ExitCode) -> tuple[Exit, ...]:
        exits = [pod.exit for pod in self.snapshot.pods_of(Step.WORK) if pod.exit is not None and pod.exit.code == code]
        return tuple(
            item for item in exits if since is None or (item.finished_at is not None and item.finished_at > since)
        )


def _report(ended: Exit | None) -> MemoryReport | None:
    summary = ended.summary if ended is not None else None
    return summary.memory if isinstance(summary, ShardSummary) else None


def _latest(samples: Sequence[WorkerSample], value: Callable[[WorkerSample], int | None]) -> int | None:
    known = [(sample.at, found) for sample in samples if (found := value(sample)) is not None]
    return max(known)[1] if known else None
