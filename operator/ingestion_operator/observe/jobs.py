"""A Job, as far as a run's course depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ingestion_contract.identity import RUN_UID_LABEL
from ingestion_contract.pod import Step
from ingestion_operator.observe.labels import controller_uid, step_of

DEADLINE_EXCEEDED = "DeadlineExceeded"
"""Reason of a Job that its deadline has ended."""


@dataclass(frozen=True)
class Job:
    """One step of a run. It is over when `complete` or `failed`; what merely precedes those is not looked at."""

    step: Step
    name: str
    uid: str
    parallelism: int
    suspended: bool
    completions: int
    ttl_seconds: int | None
    complete: bool
    failed: bool
    failure: str
    succeeded: int
    failed_indexes: int
    created_at: datetime
    deadline_seconds: int | None = None

    @property
    def over(self) -> bool:
        """Whether no pod of it will run any more."""
        return self.complete or self.failed

    @property
    def past_deadline(self) -> bool:
        """Whether it was ended by its deadline."""
        return self.failed and self.failure.startswith(f"{DEADLINE_EXCEEDED}:")

    @property
    def remaining(self) -> int:
        """Indexes that are neither done nor given up."""
        return max(0, self.completions - self.succeeded - self.failed_indexes)


def own_job(raw: Mapping[str, Any]) -> Job | None:
    """Read a Job of the run that its label names; None if it is not that run's own, or is on its way out."""
    meta = raw["metadata"]
    step = step_of(meta)
    if step is None or "deletionTimestamp" in meta or controller_uid(meta) != meta["labels"].get(RUN_UID_LABEL):
        return None
    return job_from(step, raw)


def job_from(step: Step, raw: Mapping[str, Any]) -> Job:
    """Read a Job as the API server returns it."""
    spec, status = raw["spec"], raw.get("status", {})
    conditions = {item["type"]: item for item in status.get("conditions", ()) if item.get("status") == "True"}
    failed = conditions.get("Failed")
    return Job(
        step=step,
        name=raw["metadata"]["name"],
        uid=raw["metadata"]["uid"],
        parallelism=spec.get("parallelism", 1),
        suspended=spec.get("suspend", False),
        completions=spec.get("completions", 1),
        ttl_seconds=spec.get("ttlSecondsAfterFinished"),
        deadline_seconds=spec.get("activeDeadlineSeconds"),
        complete="Complete" in conditions,
        failed=failed is not None,
        failure=f"{failed.get('reason', '')}: {failed.get('message', '')}" if failed else "",
        succeeded=status.get("succeeded", 0),
        failed_indexes=count_indexes(status.get("failedIndexes", "")),
        created_at=datetime.fromisoformat(raw["metadata"]["creationTimestamp"]),
    )


def count_indexes(text: str) -> int:
    """Count the indexes in the Job controller's compressed form, as in `1,3-5,7`."""
    count = 0
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        count += int(last or first) - int(first) + 1
    return count
