"""A run at each moment that a judge may see it at, as the API server would return it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ingestion_contract import identity
from ingestion_contract.pod import Step
from ingestion_contract.spec import IngestionRun
from ingestion_contract.status import IngestionRunStatus
from ingestion_contract.summary import DiscoverSummary, ErrorSummary, FinishSummary
from ingestion_operator.decision.decide import decide
from ingestion_operator.decision.decision import Finding
from ingestion_operator.decision.snapshot import Snapshot
from ingestion_operator.observe.jobs import Job
from ingestion_operator.observe.pods import Pod
from ingestion_operator.status.report import acknowledge, invalid_spec, next_status
from tests.operator.kit import GIB, NOW, RUN_UID, ended_pod, make_job, make_run, make_sample, make_snapshot, waiting

Manifest = dict[str, Any]

FOUND = DiscoverSummary(count=200, shards=8, digest="0" * 64)
WORK_OVER = make_job(complete=True)


def manifest(
    status: IngestionRunStatus | None, *, run: IngestionRun | None = None, generation: int = 1, **metadata: Any
) -> Manifest:
    """The object of a run whose operator has written this status; None: it has not looked yet."""
    run = run or make_run()
    found: Manifest = {
        "apiVersion": identity.API_VERSION,
        "kind": identity.KIND,
        "metadata": {"name": "talks", "namespace": "default", "uid": RUN_UID, "generation": generation, **metadata},
        "spec": run.spec.to_wire(),
    }
    return found | ({"status": status.to_wire()} if status is not None else {})


def every_moment() -> dict[str, Manifest]:
    """The runs by what has happened to them, each status made by the operator from the one before."""
    discovering = _next(IngestionRunStatus(), [])
    working = _discovered(discovering, FOUND)
    finishing = _next(working, [WORK_OVER])
    succeeded = _counted(finishing, FinishSummary(total=200, succeeded=198, failed=0, skipped=2, reasons={"Gone": 2}))
    resting = make_run(spec={"suspend": True})
    suspended = _next(working, [make_job()], run=resting)
    alone = make_run({"initial": 1})
    working_alone = _discovered(discovering, FOUND, run=alone)
    stalled = _report(make_snapshot([waiting(gib=8, floor=9 * GIB)], status=working_alone, run=alone))
    return {
        "just applied": manifest(None),
        "discovering (the first patch)": manifest(discovering),
        "source not there": manifest(_undiscovered(discovering)),
        "working": manifest(_report(make_snapshot([make_sample(gib=48)] * 4, status=working))),
        "short of memory": manifest(_report(make_snapshot([make_sample(), waiting()], status=working))),
        "queued": manifest(
            _next(working, [make_job(suspended=True)], run=make_run(spec={"queueName": "gpu-queue"})),
        ),
        "finishing": manifest(finishing),
        "succeeded": manifest(succeeded),
        "failed": manifest(_counted(finishing, FinishSummary(total=200, succeeded=100, failed=100, skipped=0))),
        "stalled": manifest(stalled),
        "stalled, then helped": manifest(_report(make_snapshot([make_sample(gib=48)], status=stalled))),
        "name taken": manifest(_next(IngestionRunStatus(), [], problem=Finding("NameTaken", "Job talks-discover ..."))),
        "spec unusable": manifest(invalid_spec(IngestionRunStatus(), 1, "spec.workers: min is above initial", NOW)),
        "suspended": manifest(suspended, run=resting),
        "suspended, then resumed": manifest(_next(suspended, [make_job()])),
        "suspended a moment ago": manifest(working, run=resting, generation=2),
        "changed after its end, not seen": manifest(succeeded, generation=2),
        "changed after its end, seen": manifest(acknowledge(succeeded, 2, NOW), generation=2),
        "deleted while working": manifest(working, deletionTimestamp="2026-11-24T12:00:00Z"),
        "deleted after its end": manifest(succeeded, deletionTimestamp="2026-11-24T12:00:00Z"),
    }


def _next(
    before: IngestionRunStatus,
    jobs: Iterable[Job],
    *,
    others: Iterable[Pod] = (),
    run: IngestionRun | None = None,
    problem: Finding | None = None,
) -> IngestionRunStatus:
    return next_status(make_snapshot(status=before, jobs=jobs, others=others, run=run), None, problem, NOW)


def _report(snapshot: Snapshot) -> IngestionRunStatus:
    return next_status(snapshot, decide(snapshot, NOW), None, NOW)


def _discovered(
    before: IngestionRunStatus, found: DiscoverSummary, run: IngestionRun | None = None
) -> IngestionRunStatus:
    pod = ended_pod(0, 0, found, step=Step.DISCOVER)
    return _next(before, [make_job(Step.DISCOVER, complete=True)], others=[pod], run=run)


def _undiscovered(before: IngestionRunStatus) -> IngestionRunStatus:
    pod = ended_pod(0, 64, ErrorSummary(reason="SourceGone", detail="the playlist does not exist"), step=Step.DISCOVER)
    return _next(before, [make_job(Step.DISCOVER, failed=True)], others=[pod])


def _counted(before: IngestionRunStatus, count: FinishSummary) -> IngestionRunStatus:
    pod = ended_pod(0, 0, count, step=Step.FINISH)
    return _next(before, [WORK_OVER, make_job(Step.FINISH, complete=True)], others=[pod])
