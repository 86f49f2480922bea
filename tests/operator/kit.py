"""Short ways to write down a run and what is seen of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ingestion_contract.metrics import WorkerState
from ingestion_contract.pod import Step
from ingestion_contract.spec import IngestionRun, parse_run
from ingestion_contract.status import IngestionRunStatus, MemoryStatus, SourceStatus, VideoList, Videos, WorkersStatus
from ingestion_contract.summary import Summary
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.snapshot import Rate, Snapshot
from ingestion_operator.observe.jobs import Job
from ingestion_operator.observe.pods import Exit, Pod
from ingestion_operator.observe.worker_sample import WorkerSample

GIB = 2**30
NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
RUN_UID = "run-uid"
FLOOR = int(8.6 * GIB)
GPU = "GPU-1a2b"


def ago(seconds: float) -> datetime:
    """The moment so many seconds before NOW."""
    return NOW - timedelta(seconds=seconds)


def make_raw_run(run: IngestionRun, status: Mapping[str, Any], version: int = 1, uid: str = RUN_UID) -> dict[str, Any]:
    """The run as the API server has it."""
    wire = run.to_wire()
    meta = {**wire["metadata"], "uid": uid, "resourceVersion": str(version), "generation": 1}
    return {**wire, "metadata": meta, "status": dict(status)}


def make_run(
    parallelism: Mapping[str, int] | None = None, spec: Mapping[str, Any] | None = None, name: str = "talks"
) -> IngestionRun:
    """A run of one playlist into a claim."""
    bounds = {"initial": 4, "min": 1, "max": 8, **(parallelism or {})}
    return parse_run(
        {
            "metadata": {"name": name, "namespace": "default", "uid": RUN_UID},
            "spec": {
                "source": {"urls": ["https://videos.example/list"]},
                "output": {"persistentVolumeClaim": {"claimName": "results", "path": "talks"}},
                "workers": {"parallelism": bounds},
                **(spec or {}),
            },
        }
    )


def make_job(step: Step = Step.WORK, **fields: Any) -> Job:
    """A Job that runs."""
    job = Job(
        step=step,
        name=f"talks-{step}",
        uid=f"{step}-job",
        parallelism=4,
        suspended=False,
        completions=20 if step is Step.WORK else 1,
        ttl_seconds=None,
        complete=False,
        failed=False,
        failure="",
        succeeded=0,
        failed_indexes=0,
        created_at=ago(1000),
    )
    return replace(job, **fields)


def make_pod(number: int = 0, step: Step = Step.WORK, **fields: Any) -> Pod:
    """A pod that has been running for a while."""
    pod = Pod(
        uid=f"{step}-pod-{number}",
        name=f"talks-{step}-{number}",
        step=step,
        job_uid=f"{step}-job",
        index=number if step is Step.WORK else None,
        ip="127.0.0.1",
        running=True,
        ready=True,
        ended=False,
        deleting=False,
        gone=False,
        created_at=ago(910),
        started_at=ago(900),
        ready_since=ago(870),
        trouble=None,
        limits_revision=None,
        exit=None,
    )
    return replace(pod, **fields)


def ended_pod(number: int, code: int, summary: Summary | None = None, *, seconds_ago: float = 1, **fields: Any) -> Pod:
    """A pod whose container has ended."""
    ended = Exit(code, "Error" if code else "Completed", ago(seconds_ago), "", summary)
    return make_pod(number, **{"running": False, "ready": False, "ended": True, "exit": ended, **fields})


def make_sample(
    state: WorkerState = WorkerState.WORKING,
    floor: int | None = FLOOR,
    gib: float = 24,
    gpu: str | None = GPU,
    **fields: Any,
) -> WorkerSample:
    """What a worker has just said of itself."""
    sample = WorkerSample(
        at=NOW,
        state=state,
        gpu_uuid=gpu,
        device_total=int(gib * GIB) if gpu else None,
        device_used=int(0.5 * gib * GIB) if gpu else None,
        floor=floor,
        limits_revision=0,
    )
    return replace(sample, **fields)


def waiting(**fields: Any) -> WorkerSample:
    """What a worker says that waits for memory."""
    return make_sample(WorkerState.WAITING_FOR_MEMORY, **{"floor": None, **fields})


def make_status(parallelism: int = 4, *, listed: int = 200, **workers: Any) -> IngestionRunStatus:
    """The status of a run whose work has been going on for a while."""
    fields = {"parallelism": parallelism, "changed_at": ago(1000), **workers}
    return IngestionRunStatus(
        observed_generation=1,
        video_list=VideoList(count=listed, shards=20, digest="0" * 64),
        videos=Videos(total=listed),
        workers=WorkersStatus(**fields),
    )


def make_snapshot(
    samples: Sequence[WorkerSample | None] = (),
    *,
    run: IngestionRun | None = None,
    status: IngestionRunStatus | None = None,
    memory: MemoryStatus | None = None,
    source: SourceStatus | None = None,
    others: Iterable[Pod] = (),
    jobs: Iterable[Job] | None = None,
    neighbours: Mapping[str, int] | None = None,
    quiet_since: datetime | None = None,
    rate: Rate | None = None,
) -> Snapshot:
    """A snapshot with one running worker per sample (None: it is not heard), and other pods."""
    workers = [make_pod(number) for number in range(len(samples))]
    update: dict[str, object] = {}
    if memory is not None:
        update["memory"] = memory
    if source is not None:
        update["source"] = source
    base = status if status is not None else make_status(len(samples))
    return Snapshot(
        run=run or make_run(),
        generation=1,
        status=base.model_copy(update=update),
        jobs={job.step: job for job in (jobs if jobs is not None else [make_job()])},
        pods=(*workers, *others),
        samples={pod.uid: sample for pod, sample in zip(workers, samples, strict=True) if sample is not None},
        tallies={},
        neighbours=neighbours or {},
        quiet_since=quiet_since or ago(1000),
        rate=rate,
        sample_valid_seconds=15.0,
    )


def situation(samples: Sequence[WorkerSample | None] = (), **fields: Any) -> Situation:
    """The situation of such a snapshot, now."""
    return Situation(make_snapshot(samples, **fields), NOW)
