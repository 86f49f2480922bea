"""Making the cluster's Jobs follow the status."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from ingestion_contract.pod import Step
from ingestion_contract.spec import IngestionRun
from ingestion_contract.status import IngestionRunStatus
from ingestion_operator.apply.objects import change, ensure
from ingestion_operator.decision.deadline import seconds_left
from ingestion_operator.decision.snapshot import Snapshot
from ingestion_operator.desired.jobs import single_job, work_job
from ingestion_operator.desired.pod_template import WorkerSettings
from ingestion_operator.kube import Kube, NotFound, Object, Refused
from ingestion_operator.observe.jobs import Job
from ingestion_operator.resources import JOBS
from ingestion_operator.run_log import RunLog

_logger = logging.getLogger(__name__)

PASSED_DEADLINE_SECONDS = 1
"""A Job's deadline when the run's has passed: the Job controller then ends its pods, and the Job when they are gone."""


async def follow(kube: Kube, snapshot: Snapshot, step: Step, settings: WorkerSettings, now: datetime) -> Object | None:
    """Create or change the Job of the present step; return it if anything was done.

    Raises:
        Obstacle: the Job cannot be made, or changed.
        NotFound: it went while it was to be changed.
    """
    run, job = snapshot.run, snapshot.jobs.get(step)
    if job is not None:
        wanted = wanted_change(snapshot, step, now)
        return await change(kube, JOBS, run, "Job", job.name, {"spec": wanted}) if wanted else None
    if run.spec.suspend:
        return None
    return await ensure(kube, JOBS, run, _body(run, snapshot.status, step, settings))


def wanted_change(snapshot: Snapshot, step: Step, now: datetime) -> dict[str, Any]:
    """Return what is to be changed in the spec of a step's Job, if it is there, so that it is as the status says."""
    job = snapshot.jobs.get(step)
    if job is None or job.over:
        return {}
    present = {
        "suspend": job.suspended,
        "parallelism": job.parallelism,
        "activeDeadlineSeconds": job.deadline_seconds,
    }
    wanted = _wanted(snapshot.run, snapshot.status, step, now)
    return {key: value for key, value in wanted.items() if present[key] != value}


async def remove_again(kube: Kube, run: IngestionRun, job: Job) -> None:
    """Delete a Job whose result was lost, so that it is made and run again: discovery and counting may be repeated."""
    await kube.delete(JOBS, run.metadata.namespace, job.name, job.uid)


async def let_expire(kube: Kube, snapshot: Snapshot) -> list[Object]:
    """Give the Jobs of a run that has ended their time to live, and return those that were changed.

    Not before the end: a Job must not go before the operator has read what came of it. One that may not be changed goes
    with its run.
    """
    seconds = snapshot.run.spec.ttl_seconds_after_finished
    changed = []
    for job in snapshot.jobs.values():
        if job.ttl_seconds == seconds:
            continue
        patch = {"spec": {"ttlSecondsAfterFinished": seconds}}
        try:
            changed.append(await kube.merge(JOBS, snapshot.run.metadata.namespace, job.name, patch))
        except NotFound:
            continue
        except Refused as problem:
            meta = snapshot.run.metadata
            log = RunLog(_logger, meta.namespace, meta.name)
            log.warning("Job %s is removed only with its run: %s", job.name, problem)
    return changed


def _body(run: IngestionRun, status: IngestionRunStatus, step: Step, settings: WorkerSettings) -> Object:
    if step is not Step.WORK:
        return single_job(run, step, settings)
    if status.video_list is None or status.workers is None:
        raise ValueError(f"run {run.metadata.name} has no list of videos, but its work is to begin")
    return work_job(run, status.video_list.shards, status.workers.parallelism, settings)


def _wanted(run: IngestionRun, status: IngestionRunStatus, step: Step, now: datetime) -> dict[str, Any]:
    wanted: dict[str, Any] = {"suspend": run.spec.suspend}
    if step is Step.WORK and status.workers is not None:
        wanted["parallelism"] = status.workers.parallelism
        if run.spec.queue_name is not None:
            # The Job's `suspend` is Kueue's, which would answer every change of it with its own.
            wanted = {"parallelism": 0 if run.spec.suspend else status.workers.parallelism}
    if step is not Step.FINISH and seconds_left(run.spec.active_deadline_seconds, status.active, now) == 0:
        wanted["activeDeadlineSeconds"] = PASSED_DEADLINE_SECONDS
    return wanted
