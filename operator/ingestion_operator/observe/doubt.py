"""Whether what the watches have told of a run is borne out, so that nobody needs to be asked. Pure."""

from __future__ import annotations

from datetime import datetime

from ingestion_contract.pod import Step
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.snapshot import Snapshot
from ingestion_operator.decision.stage import current_step
from ingestion_operator.observe.jobs import Job


def in_doubt(snapshot: Snapshot, now: datetime) -> bool:
    """Return whether something is not as it should be, so that it is worth reading what there really is.

    A worker that answers is there, and so are its Job and its ConfigMaps. A pod that no node has yet needs nothing, and
    neither does a Job that is held back. What is left: workers that do not answer, pods that have a node and do not
    start, pods that are being ended, steps that say nothing while they go on, and Jobs that are not there or have no
    pods.
    """
    if snapshot.run.spec.suspend:
        return False
    step = current_step(snapshot)
    job = snapshot.jobs.get(step)
    if job is None:
        return True
    if not snapshot.pods_of(step):
        return not _held_back(job)
    heard = Situation(snapshot, now).fresh if step is Step.WORK else {}
    active = [pod for pod in snapshot.pods_of(step) if pod.active]
    return any(pod.deleting or ((pod.node is not None or pod.running) and pod.uid not in heard) for pod in active)


def _held_back(job: Job) -> bool:
    return job.suspended or job.parallelism == 0
