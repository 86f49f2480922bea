"""`python -m benchmarks.load.minimal`: an operator that creates each run's Job, and does nothing else.

What a first kopf operator looks like. It does not list videos, reads no metrics and writes no status; its Job is the
one that ours would create.
"""

from __future__ import annotations

import sys
from typing import Any

import kopf

from benchmarks.load.population import SHARDS
from ingestion_contract import identity
from ingestion_contract.spec import parse_run
from ingestion_operator.desired.jobs import work_job
from ingestion_operator.desired.pod_template import WorkerSettings
from ingestion_operator.kube import AlreadyExists, Kube
from ingestion_operator.resources import JOBS


def not_ended(status: kopf.Status, **_: Any) -> bool:
    """Whether a run has not ended."""
    return "completionTime" not in status


@kopf.on.create(identity.GROUP, identity.VERSION, identity.PLURAL, when=not_ended)
async def create_job(body: kopf.Body, **_: Any) -> None:
    """Create the run's Job."""
    run = parse_run(dict(body))
    async with await Kube.connect() as kube:
        try:
            job = work_job(run, SHARDS, run.spec.workers.parallelism.initial, WorkerSettings("worker"))
            await kube.create(JOBS, job)
        except AlreadyExists:
            return


if __name__ == "__main__":
    kopf.run(clusterwide=True, standalone=True, liveness_endpoint=sys.argv[1])
