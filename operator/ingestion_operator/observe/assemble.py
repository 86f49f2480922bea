"""From raw objects and samples to the snapshot of a run. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ingestion_contract.identity import STEP_LABEL
from ingestion_contract.pod import Step
from ingestion_contract.spec import IngestionRun
from ingestion_contract.status import IngestionRunStatus
from ingestion_operator.decision.snapshot import Rate, Snapshot
from ingestion_operator.observe.jobs import Job, job_from
from ingestion_operator.observe.pods import Pod, pod_from
from ingestion_operator.observe.tally import Tally
from ingestion_operator.observe.worker_sample import WorkerSample

Raw = Mapping[str, Any]


def jobs_by_step(run: IngestionRun, raws: Iterable[Raw]) -> dict[Step, Job]:
    """Return the run's own Jobs that are not on their way out."""
    found = {}
    for raw in raws:
        meta = raw["metadata"]
        step = _step(meta)
        if step is not None and "deletionTimestamp" not in meta and _owned_by(meta, run.metadata.uid):
            found[step] = job_from(step, raw)
    return found


def pods_from(raws: Iterable[Raw], gone: Iterable[Raw]) -> tuple[Pod, ...]:
    """Return the pods that are there, and those that have just gone."""
    present = [pod_from(raw) for raw in raws if _step(raw["metadata"]) is not None]
    return tuple(present + [pod_from(raw, gone=True) for raw in gone if _step(raw["metadata"]) is not None])


def assemble(
    run: IngestionRun,
    raw_run: Raw,
    jobs: Mapping[Step, Job],
    pods: tuple[Pod, ...],
    samples: Mapping[str, WorkerSample],
    tallies: Mapping[int, Tally],
    neighbours: Mapping[str, int],
    quiet_since: datetime,
    rate: Rate | None,
    sample_valid_seconds: float,
) -> Snapshot:
    """Return the snapshot.

    Raises:
        pydantic.ValidationError: the status has been written by something else.
    """
    return Snapshot(
        run=run,
        generation=raw_run["metadata"]["generation"],
        status=IngestionRunStatus.from_wire(raw_run.get("status") or {}),
        jobs=dict(jobs),
        pods=pods,
        samples=dict(samples),
        tallies=dict(tallies),
        neighbours=dict(neighbours),
        quiet_since=quiet_since,
        rate=rate,
        sample_valid_seconds=sample_valid_seconds,
    )


def _step(meta: Raw) -> Step | None:
    label = meta.get("labels", {}).get(STEP_LABEL)
    return Step(label) if label in set(Step) else None


def _owned_by(meta: Raw, uid: str) -> bool:
    return any(owner.get("controller") and owner["uid"] == uid for owner in meta.get("ownerReferences", ()))
