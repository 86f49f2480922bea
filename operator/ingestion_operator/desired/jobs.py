"""The Jobs of a run: one lists the videos, one ingests them shard by shard, one counts what is there."""

from __future__ import annotations

from typing import Any

from ingestion_contract.exit_codes import IGNORED, ExitCode
from ingestion_contract.pod import WORKER_CONTAINER, Step
from ingestion_contract.spec import IngestionRun
from ingestion_operator.desired.names import job_name, metadata
from ingestion_operator.desired.pod_template import WorkerSettings, pod_template

BACKOFF_LIMIT = 3
QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
ELASTIC_ANNOTATION = "kueue.x-k8s.io/elastic-job"


def single_job(run: IngestionRun, step: Step, settings: WorkerSettings) -> dict[str, Any]:
    """Return the Job of a step that one pod does."""
    return _job(run, step, settings, {"backoffLimit": BACKOFF_LIMIT})


def work_job(run: IngestionRun, shards: int, parallelism: int, settings: WorkerSettings) -> dict[str, Any]:
    """Return the Job that ingests: one index per shard.

    An index that has failed too often does not end the others: the run's verdict comes from its videos. With a queue,
    Kueue decides when it starts; it must be elastic there, or Kueue would not let `parallelism` change while it runs.
    """
    job = _job(
        run,
        Step.WORK,
        settings,
        {
            "completionMode": "Indexed",
            "completions": shards,
            "parallelism": parallelism,
            "backoffLimitPerIndex": BACKOFF_LIMIT,
            "maxFailedIndexes": shards,
        },
    )
    if run.spec.queue_name is not None:
        job["metadata"]["labels"][QUEUE_LABEL] = run.spec.queue_name
        job["metadata"]["annotations"] = {ELASTIC_ANNOTATION: "true"}
    return job


def _job(run: IngestionRun, step: Step, settings: WorkerSettings, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata(run, job_name(run, step), step),
        "spec": {
            **spec,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {"rules": _failure_rules()},
            "template": pod_template(run, step, settings),
        },
    }


def _failure_rules() -> list[dict[str, Any]]:
    """Return how the Job controller takes an exit: in this order, and what is left over is counted."""
    return [
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
        {"action": "FailJob", "onExitCodes": _exit_codes(ExitCode.CONFIGURATION)},
        {"action": "Ignore", "onExitCodes": _exit_codes(*IGNORED)},
    ]


def _exit_codes(*codes: ExitCode) -> dict[str, Any]:
    return {"containerName": WORKER_CONTAINER, "operator": "In", "values": sorted(int(code) for code in codes)}
