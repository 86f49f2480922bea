"""Everything that a decision may depend on, at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ingestion_contract.pod import Step
from ingestion_contract.spec import IngestionRun
from ingestion_contract.status import IngestionRunStatus
from ingestion_operator.observe.jobs import Job
from ingestion_operator.observe.pods import Pod
from ingestion_operator.observe.tally import Tally
from ingestion_operator.observe.worker_sample import WorkerSample


@dataclass(frozen=True)
class Rate:
    """Throughput with the present number of workers, while all of them are at work.

    Attributes:
        audio_seconds_per_hour: what was heard in that time, as a rate.
        utilisation: the share of that time in which the devices were busy, 0 to 1, None if they do not say.
        seconds: how long that time was.
        duty: the share of the time, 0 to 1, for which a wanted worker is at work, rather than between two shards.
    """

    audio_seconds_per_hour: int
    utilisation: float | None
    seconds: float
    duty: float = 1.0


@dataclass(frozen=True)
class Snapshot:
    """A run and what is seen of it.

    Attributes:
        run: what the user wants.
        generation: of the run's spec.
        status: what the operator wrote last; all that it remembers across restarts.
        jobs: the Jobs that are there.
        pods: of those Jobs, also ended ones, and those that have just vanished.
        samples: the latest reading of each pod, by pod uid, however old.
        tallies: videos per shard, by index.
        neighbours: bytes that others than the run's workers hold, by device; of a device that is not there, unknown.
        quiet_since: since when this process has seen no trouble with memory, with all telemetry there; it is not
            remembered across restarts, so that nothing goes up on what was measured before.
        rate: measured by this process since the lever was last moved; None until there is something to measure.
        sample_valid_seconds: a sample that is older says nothing about now.
    """

    run: IngestionRun
    generation: int
    status: IngestionRunStatus
    jobs: Mapping[Step, Job]
    pods: tuple[Pod, ...]
    samples: Mapping[str, WorkerSample]
    tallies: Mapping[int, Tally]
    neighbours: Mapping[str, int]
    quiet_since: datetime
    rate: Rate | None
    sample_valid_seconds: float

    def pods_of(self, step: Step) -> tuple[Pod, ...]:
        """Return the pods of the step's present Job."""
        job = self.jobs.get(step)
        return tuple(pod for pod in self.pods if job is not None and pod.job_uid == job.uid)
