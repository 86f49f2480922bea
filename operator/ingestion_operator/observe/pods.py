"""A pod, as far as a run's course depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ingestion_contract.identity import LIMITS_REVISION_ANNOTATION, STEP_LABEL
from ingestion_contract.pod import WORKER_CONTAINER, Step
from ingestion_contract.summary import Summary, decode_summary
from ingestion_operator.clock import parse_time
from ingestion_operator.observe.labels import controller_uid, step_of

_INDEX_ANNOTATION = "batch.kubernetes.io/job-completion-index"
_ENDED_PHASES = ("Succeeded", "Failed")
_STARTING = ("ContainerCreating", "PodInitializing")


@dataclass(frozen=True)
class Exit:
    """How the worker's container ended."""

    code: int
    reason: str
    finished_at: datetime | None
    message: str
    summary: Summary | None


@dataclass(frozen=True)
class Pod:
    """One pod of a run.

    Attributes:
        ended: no process runs in it any more.
        ready: it does not lack memory; Kubernetes removes those first that are not.
        deleting: it has been asked to go.
        created_at: when it was made; it may have started much later.
        gone: the API server has no such pod any more; this is what was last seen of it.
        trouble: why it cannot start, as `ImagePullBackOff: ...`.
        node: where it runs, None before it is scheduled.
        must_end_by: when its time to end is over, None while nobody has asked it to go.
    """

    uid: str
    name: str
    step: Step
    job_uid: str | None
    index: int | None
    ip: str | None
    running: bool
    ready: bool
    ended: bool
    deleting: bool
    gone: bool
    created_at: datetime
    started_at: datetime | None
    ready_since: datetime | None
    trouble: str | None
    limits_revision: str | None
    exit: Exit | None
    unready_since: datetime | None = None
    node: str | None = None
    must_end_by: datetime | None = None

    @property
    def active(self) -> bool:
        """Whether it holds, or will hold, a device: a process runs in it or is about to."""
        return not self.ended and not self.gone

    @property
    def staying(self) -> bool:
        """Whether it is active and nobody has asked it to go."""
        return self.active and not self.deleting


def pod_of_step(raw: Mapping[str, Any]) -> Pod | None:
    """Read a pod as the API server returns it; None if it belongs to no step."""
    return pod_from(raw) if step_of(raw["metadata"]) is not None else None


def gone_pod_of_step(raw: Mapping[str, Any]) -> Pod | None:
    """Read a pod that has gone, as it was last seen; None if it belonged to no step."""
    return pod_from(raw, gone=True) if step_of(raw["metadata"]) is not None else None


def pod_from(raw: Mapping[str, Any], *, gone: bool = False) -> Pod:
    """Read a pod as the API server returns it, or as it was last seen."""
    meta, status = raw["metadata"], raw.get("status", {})
    annotations = meta.get("annotations", {})
    index = annotations.get(_INDEX_ANNOTATION)
    container = _worker_container(status)
    state = container.get("state", {})
    phase = status.get("phase", "Pending")
    ready: Mapping[str, Any] = next((item for item in status.get("conditions", ()) if item.get("type") == "Ready"), {})
    return Pod(
        uid=meta["uid"],
        name=meta["name"],
        step=Step(meta["labels"][STEP_LABEL]),
        job_uid=controller_uid(meta),
        index=int(index) if index is not None and index.isdecimal() else None,
        ip=status.get("podIP"),
        running=phase == "Running" and "running" in state,
        ready=ready.get("status") == "True",
        ended=phase in _ENDED_PHASES,
        deleting="deletionTimestamp" in meta,
        gone=gone,
        trouble=_trouble(status, state),
        created_at=datetime.fromisoformat(meta["creationTimestamp"]),
        started_at=parse_time(state.get("running", {}).get("startedAt")),
        ready_since=parse_time(ready.get("lastTransitionTime")) if ready.get("status") == "True" else None,
        limits_revision=annotations.get(LIMITS_REVISION_ANNOTATION),
        exit=_exit(state.get("terminated")),
        unready_since=parse_time(ready.get("lastTransitionTime")) if ready.get("status") == "False" else None,
        node=raw.get("spec", {}).get("nodeName"),
        must_end_by=parse_time(meta.get("deletionTimestamp")),
    )


def _worker_container(status: Mapping[str, Any]) -> Mapping[str, Any]:
    containers = status.get("containerStatuses", ())
    return next((item for item in containers if item.get("name") == WORKER_CONTAINER), {})


def _trouble(status: Mapping[str, Any], state: Mapping[str, Any]) -> str | None:
    waiting = state.get("waiting", {})
    if waiting.get("reason", "ContainerCreating") not in _STARTING:
        return _words(waiting)
    for condition in status.get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition.get("status") == "False":
            return _words(condition)
    return None


def _words(holder: Mapping[str, Any]) -> str:
    return ": ".join(filter(None, (holder.get("reason"), holder.get("message"))))


def _exit(terminated: Mapping[str, Any] | None) -> Exit | None:
    if terminated is None:
        return None
    message = terminated.get("message", "")
    return Exit(
        code=terminated["exitCode"],
        reason=terminated.get("reason", ""),
        finished_at=parse_time(terminated.get("finishedAt")),
        message=message,
        summary=decode_summary(message),
    )
