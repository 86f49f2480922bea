"""What keeps the pods of a step from starting, or from ending, in words for a person. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from ingestion_contract.pod import Step
from ingestion_operator.decision.snapshot import Snapshot
from ingestion_operator.decision.stage import last_complaint
from ingestion_operator.observe.jobs import Job

SLOW_START = timedelta(minutes=2)
"""Of a pod whose volumes cannot be mounted, or that is not let in at all, only events tell why: they are pointed to."""
_SLOW = f"{SLOW_START.total_seconds() / 60:.0f} minutes"
STUCK_AFTER = timedelta(minutes=1)
"""A pod whose time to end has been over for so long is not being ended by its node."""


def trouble(snapshot: Snapshot, step: Step, now: datetime) -> str:
    """Return what keeps a step from going on; nothing if it goes on, as far as can be seen."""
    if endless := stuck_terminating(snapshot, step, now):
        return endless
    staying = [pod for pod in snapshot.pods_of(step) if pod.staying]
    stuck = [pod for pod in staying if pod.trouble]
    if stuck:
        return f"{_pods(len(stuck))} cannot start, {stuck[0].name}: {stuck[0].trouble}"
    slow = [pod for pod in staying if pod.started_at is None and now - pod.created_at >= SLOW_START]
    if slow:
        return f"{_pods(len(slow))} not started for {_SLOW}, see kubectl describe pod {slow[0].name}"
    job = snapshot.jobs.get(step)
    if job is not None and _has_no_pod(snapshot, job, now):
        return f"no pod could be made for {_SLOW}, see kubectl describe job {job.name}"
    complaint = last_complaint(snapshot, step) if step is not Step.WORK else None
    return f"the last attempt failed: {complaint.message}" if complaint is not None else ""


def stuck_terminating(snapshot: Snapshot, step: Step, now: datetime) -> str:
    """Return what to do about pods that do not end, if there are any: no other takes their place before.

    Nobody else may do it: only a person, or the cloud, knows that the node does not run them any more.
    """
    stuck = [
        pod
        for pod in snapshot.pods_of(step)
        if pod.active and pod.must_end_by is not None and now - pod.must_end_by >= STUCK_AFTER
    ]
    if not stuck:
        return ""
    first = min(stuck, key=lambda pod: pod.name)
    return (
        f"{_pods(len(stuck))} should have ended and did not, {first.name} on node {first.node} by "
        f"{first.must_end_by:%H:%M:%S} UTC; if that node is gone for good, kubectl delete node {first.node}, else "
        f"kubectl delete pod --force {first.name} once nothing runs there"
    )


def _has_no_pod(snapshot: Snapshot, job: Job, now: datetime) -> bool:
    """Return whether admission, as for want of quota or of a priority class, seems to let no pod of a Job in."""
    wanted = not (job.over or job.suspended or job.succeeded or job.failed_indexes) and job.parallelism > 0
    return wanted and not snapshot.pods_of(job.step) and now - job.created_at >= SLOW_START


def _pods(count: int) -> str:
    return "1 pod" if count == 1 else f"{count} pods"
