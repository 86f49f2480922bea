"""From what is known of a run to its snapshot. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from ingestion_operator.decision.snapshot import Rate, Snapshot
from ingestion_operator.observe.jobs import Job
from ingestion_operator.observe.pods import Pod
from ingestion_operator.observe.read_run import ReadRun
from ingestion_operator.observe.tally import Tally
from ingestion_operator.observe.worker_sample import WorkerSample


def assemble(
    read: ReadRun,
    jobs: Iterable[Job],
    pods: tuple[Pod, ...],
    samples: Mapping[str, WorkerSample],
    tallies: Mapping[int, Tally],
    neighbours: Mapping[str, int],
    quiet_since: datetime,
    rate: Rate | None,
    sample_valid_seconds: float,
) -> Snapshot:
    """Return the snapshot."""
    return Snapshot(
        run=read.run,
        generation=read.generation,
        status=read.status,
        jobs={job.step: job for job in jobs},
        pods=pods,
        samples=dict(samples),
        tallies=dict(tallies),
        neighbours=dict(neighbours),
        quiet_since=quiet_since,
        rate=rate,
        sample_valid_seconds=sample_valid_seconds,
    )
