"""A simulated cluster as the operator sees it: a run, a Job, pods."""

from __future__ import annotations

from benchmarks.control import physics
from benchmarks.control.moments import BEGINNING, moment
from benchmarks.control.scenario import Scenario
from benchmarks.control.world import SimulatedPod, World
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.limits import Limits
from ingestion_contract.pod import Step
from ingestion_contract.spec import IngestionRun, parse_run
from ingestion_contract.status import IngestionRunStatus, VideoList, Videos, WorkersStatus
from ingestion_contract.summary import ShardSummary
from ingestion_operator.decision.limits import egress_share
from ingestion_operator.observe.jobs import Job
from ingestion_operator.observe.pods import Exit, Pod

JOB_UID = "work"


def run_of(scenario: Scenario) -> IngestionRun:
    """Return the run that a user would write."""
    source: dict[str, object] = {"urls": ["https://videos.example/list"]}
    if scenario.source.videos_per_hour is not None:
        source["videosPerHour"] = scenario.source.videos_per_hour
    bounds = {"initial": scenario.initial, "min": scenario.least, "max": scenario.most}
    return parse_run(
        {
            "metadata": {"name": f"{scenario.family}-{scenario.seed}", "uid": "run"},
            "spec": {
                "source": source,
                "output": {"persistentVolumeClaim": {"claimName": "results"}},
                "workers": {"parallelism": bounds, "videosPerShard": scenario.videos_per_shard},
                "memory": {"targetPercent": physics.TARGET_PERCENT},
            },
        }
    )


def first_status(scenario: Scenario, shards: int, parallelism: int) -> IngestionRunStatus:
    """Return the status right after the list was written."""
    return IngestionRunStatus(
        observed_generation=1,
        start_time=BEGINNING,
        video_list=VideoList(count=len(scenario.durations), shards=shards, digest="0" * 64),
        videos=Videos(total=len(scenario.durations)),
        workers=WorkersStatus(
            parallelism=parallelism,
            changed_at=BEGINNING,
            videos_per_hour=egress_share(scenario.source.videos_per_hour, parallelism),
            reason="Initial",
        ),
    )


def first_limits(scenario: Scenario, parallelism: int) -> Limits:
    """Return the limits before anything was measured."""
    return Limits(videos_per_hour=egress_share(scenario.source.videos_per_hour, parallelism))


def job_of(world: World) -> Job:
    """Return the work Job."""
    controller = world.controller
    return Job(
        step=Step.WORK,
        name="run-work",
        uid=JOB_UID,
        parallelism=controller.parallelism,
        suspended=False,
        completions=controller.completions,
        ttl_seconds=None,
        complete=controller.complete,
        failed=False,
        failure="",
        succeeded=len(controller.succeeded),
        failed_indexes=0,
        created_at=BEGINNING,
    )


def pod_of(pod: SimulatedPod, world: World, *, gone: bool = False) -> Pod:
    """Return a pod."""
    ended = pod.exit_code is not None
    return Pod(
        uid=pod.name,
        name=pod.name,
        step=Step.WORK,
        job_uid=JOB_UID,
        index=pod.index,
        ip="192.0.2.1",
        running=pod.running and not ended,
        ready=pod.ready_since is not None,
        ended=ended,
        deleting=pod.removed_at is not None,
        gone=gone,
        created_at=moment(pod.created_at),
        started_at=moment(pod.started_at) if pod.started_at is not None else None,
        ready_since=moment(pod.ready_since) if pod.ready_since is not None else None,
        unready_since=moment(pod.unready_since) if pod.unready_since is not None else None,
        trouble=None,
        limits_revision=None,
        exit=_exit(pod, world) if ended else None,
    )


def _exit(pod: SimulatedPod, world: World) -> Exit | None:
    if pod.exit_code is None or pod.ended_at is None:
        return None
    shard, worker = world.shards[pod.index], pod.worker
    exhausted = worker is not None and pod.exit_code == ExitCode.MEMORY_EXHAUSTED
    summary = ShardSummary(
        shard=pod.index,
        total=shard.videos,
        succeeded=shard.done,
        failed=0,
        skipped=0,
        audio_seconds=int(shard.heard),
        oom_events=worker.out_of_memory if worker is not None else 0,
        memory=worker.report() if exhausted and worker is not None else None,
    )
    reason = "Completed" if pod.exit_code == ExitCode.DONE else "Error"
    return Exit(int(pod.exit_code), reason, moment(pod.ended_at), "", summary)
