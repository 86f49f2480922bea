"""One run, look by look, against an API server in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from ingestion_contract import identity
from ingestion_contract.pod import Step
from ingestion_contract.summary import DiscoverSummary, FinishSummary, Summary, encode_summary
from ingestion_operator.desired.pod_template import WorkerSettings
from ingestion_operator.kube import ApiError, Conflict, NotFound, Refused
from ingestion_operator.observe.cache import Cache
from ingestion_operator.observe.next_look import FULL_LOOK_SECONDS, WAITING_LOOK_SECONDS
from ingestion_operator.observe.pods import Pod
from ingestion_operator.observe.worker_sample import WorkerSample
from ingestion_operator.reconciler import (
    LONGEST_REMOVAL_SECONDS,
    OBSTACLE_RETRY_SECONDS,
    TOUCH_AGAIN_SECONDS,
    Look,
    Reconciler,
    Settings,
)
from ingestion_operator.resources import CONFIG_MAPS, JOBS, PODS, RUNS
from ingestion_operator.status.trouble import SLOW_START
from tests.operator.control.fake_kube import FakeKube
from tests.operator.kit import GIB, NOW, make_sample, waiting

UID = "uid-of-ingestionruns-talks"
LABELS = {identity.RUN_UID_LABEL: UID}


class Workers:
    """Stands in for the workers' metrics ports: answers with the sample of the pod's index."""

    def __init__(self) -> None:
        self.samples: dict[int, WorkerSample] = {}
        self.now = NOW
        self.asked: set[str] = set()

    async def scrape(self, pods: Iterable[Pod]) -> Mapping[str, WorkerSample]:
        pods = list(pods)
        self.asked |= {pod.name for pod in pods}
        found = {pod.uid: self.samples.get(pod.index or 0) for pod in pods}
        return {uid: replace(sample, at=self.now) for uid, sample in found.items() if sample is not None}


class World:
    """A run, an operator that looks at it, and what the rest of the cluster does."""

    def __init__(self, **spec: Any) -> None:
        self.now = NOW
        self.kube = FakeKube()
        self.workers = Workers()
        self.kube.put(RUNS, self._run(spec))
        self.kube.writes.clear()
        self.start_operator()

    def start_operator(self, **settings: Any) -> None:
        """Start a new operator, which knows nothing but what the API server tells."""
        self.cache = Cache()
        self.reconciler = Reconciler(
            UID, self.cache, self.kube, self.workers, Settings(WorkerSettings("worker:1"), **settings), lambda: self.now
        )
        self.cache.runs.put(self.kube.objects["ingestionruns", "talks"])

    async def look(self, seconds: float = 2) -> Look:
        """Let time pass and the watches bring what is new, though not what went, and look."""
        self.now += timedelta(seconds=seconds)
        self.workers.now = self.now
        for (plural, _), found in list(self.kube.objects.items()):
            run_uid = found["metadata"].get("labels", {}).get(identity.RUN_UID_LABEL)
            if plural == "ingestionruns":
                self.cache.runs.put(found)
            elif plural == "jobs" and run_uid:
                self.cache.put_job(run_uid, found)
            elif plural == "pods" and run_uid:
                self.cache.put_pod(run_uid, found)
        return await self.reconciler.look()

    def end_step(self, step: Step, summary: Summary | None, *, condition: str = "Complete", pod: bool = True) -> None:
        """Let the step's pod end with a summary, and its Job with a condition."""
        if pod:
            message = encode_summary(summary) if summary else ""
            self.add_pod(step, 0, "Succeeded", {"terminated": {"exitCode": 0, "message": message}})
        status = {"conditions": [{"type": condition, "status": "True"}]}
        self.kube.update(JOBS, f"talks-{step}", status=status)

    def add_pod(self, step: Step, index: int, phase: str, state: dict[str, Any], node: str | None = None) -> None:
        """Let the Job controller make a pod, and the scheduler find a node for it."""
        meta = {
            "name": f"talks-{step}-{index}",
            "namespace": "default",
            "labels": {**LABELS, identity.STEP_LABEL: step.value},
            "annotations": {"batch.kubernetes.io/job-completion-index": str(index)},
            "ownerReferences": [{"controller": True, "uid": self.kube.job(f"talks-{step}")["metadata"]["uid"]}],
        }
        status = {"phase": phase, "podIP": "10.0.0.1", "containerStatuses": [{"name": "worker", "state": state}]}
        self.kube.put(PODS, {"metadata": meta, "spec": {"nodeName": node}, "status": status})

    async def work(self, samples: list[WorkerSample]) -> None:
        """Bring the run to the point where these workers run."""
        await self.look()
        self.end_step(Step.DISCOVER, DiscoverSummary(count=200, shards=8, digest="0" * 64))
        await self.look()
        for index, sample in enumerate(samples):
            self.add_pod(Step.WORK, index, "Running", {"running": {"startedAt": "2026-11-24T12:00:00Z"}})
            self.workers.samples[index] = sample

    def change(self, **spec: Any) -> None:
        """Let the user change the spec."""
        run = self.kube.objects["ingestionruns", "talks"]
        metadata = run["metadata"] | {"generation": run["metadata"]["generation"] + 1}
        self.kube.update(RUNS, "talks", spec=run["spec"] | spec, metadata=metadata)

    def pod(self, step: Step, index: int) -> dict[str, Any]:
        """Return a pod."""
        return self.kube.objects[PODS.plural, f"talks-{step}-{index}"]

    @property
    def ready(self) -> tuple[str, str]:
        """Reason and message of the run's Ready condition."""
        found = next(item for item in self.kube.status()["conditions"] if item["type"] == "Ready")
        return found["reason"], found.get("message", "")

    def _run(self, spec: dict[str, Any]) -> dict[str, Any]:
        return {
            "apiVersion": identity.API_VERSION,
            "kind": identity.KIND,
            "metadata": {"name": "talks", "namespace": "default", "generation": 1},
            "spec": {
                "source": {"urls": ["https://videos.example/list"]},
                "output": {"uri": "s3://bucket/talks"},
                "workers": {"parallelism": {"initial": 4, "min": 1, "max": 8}},
                **spec,
            },
        }


INCIDENT = [make_sample(), make_sample(), waiting(), waiting()]


async def test_a_run_goes_through_its_steps() -> None:
    world = World()
    await world.work([])
    assert world.kube.job("talks-work")["spec"]["completions"] == 8
    world.kube.update(JOBS, "talks-work", status={"conditions": [{"type": "Complete", "status": "True"}]})
    await world.look()
    world.end_step(Step.FINISH, FinishSummary(total=200, succeeded=198, failed=0, skipped=2))
    look = await world.look()
    assert look.ended
    assert world.ready[0] == "Ingested"
    assert world.kube.status()["progress"] == "200/200"


async def test_of_a_run_the_operator_writes_the_status_and_nothing_else() -> None:
    world = World()
    await world.work(INCIDENT)
    await world.look()
    run = world.kube.objects["ingestionruns", "talks"]
    assert {what for what in world.kube.writes if "ingestionruns" in what} == {"status ingestionruns"}
    assert run["spec"] == World().kube.objects["ingestionruns", "talks"]["spec"]
    assert not {"finalizers", "labels", "annotations"} & set(run["metadata"])


async def test_a_pod_of_somebody_else_is_neither_asked_nor_touched_though_it_has_the_labels_of_a_run() -> None:
    world = World()
    await world.work([make_sample(gib=48)] * 2)
    world.add_pod(Step.WORK, 2, "Running", {"running": {"startedAt": "2026-11-24T12:00:00Z"}})
    pod = world.kube.objects["pods", "talks-work-2"]
    pod["metadata"]["ownerReferences"] = [{"controller": True, "uid": "somebody-elses-job"}]
    world.kube.put(PODS, pod)
    await world.look()
    assert world.workers.asked == {"talks-work-0", "talks-work-1"}
    assert "merge pods talks-work-1" in world.kube.writes
    assert "merge pods talks-work-2" not in world.kube.writes


async def test_the_status_comes_before_what_it_says_and_events_come_last() -> None:
    world = World()
    await world.work(INCIDENT)
    world.kube.writes.clear()
    await world.look()
    writes = [what for what in world.kube.writes if "pods" not in what]
    assert writes[:2] == ["status ingestionruns", "merge jobs talks-work"]
    assert writes[-1] == "create events MemoryPressure"
    assert world.kube.job("talks-work")["spec"]["parallelism"] == 2


async def test_limits_reach_the_config_map_before_the_pods_are_touched() -> None:
    world = World()
    await world.work([make_sample(gib=48)] * 4)
    world.kube.writes.clear()
    await world.look()
    assert world.kube.writes == [
        "status ingestionruns",
        "create configmaps talks-limits",
        "merge configmaps talks-limits",
        *(f"merge pods talks-work-{index}" for index in range(4)),
    ]


async def test_a_crash_between_status_and_job_loses_neither_the_change_nor_its_reason() -> None:
    world = World()
    await world.work(INCIDENT)
    world.kube.fail("merge jobs", ApiError(500, "", "the operator dies here"))
    with pytest.raises(ApiError):
        await world.look()
    assert world.kube.job("talks-work")["spec"]["parallelism"] == 4
    world.start_operator()
    await world.look()
    assert world.kube.job("talks-work")["spec"]["parallelism"] == 2
    assert [item["reason"] for item in world.kube.status()["adaptations"]] == ["MemoryPressure"]


async def test_an_event_that_a_crash_has_swallowed_is_posted_by_the_next_operator() -> None:
    world = World()
    await world.work(INCIDENT)
    world.kube.fail("create events", RuntimeError("the operator dies here"))
    with pytest.raises(RuntimeError):
        await world.look()
    for _ in range(2):
        world.start_operator()
        await world.look()
    events = [found["reason"] for (plural, _), found in world.kube.objects.items() if plural == "events"]
    assert sorted(events) == ["DiscoveryComplete", "MemoryPressure"]


async def test_an_event_that_the_network_has_swallowed_is_posted_at_the_next_look() -> None:
    world = World()
    await world.work(INCIDENT)
    world.kube.fail("create events", aiohttp.ClientConnectionError())
    with pytest.raises(aiohttp.ClientConnectionError):
        await world.look()
    await world.look()
    assert ("create events MemoryPressure") in world.kube.writes


async def test_a_restart_at_any_moment_makes_nothing_twice_and_changes_no_outcome() -> None:
    world = World()
    await world.look()
    world.start_operator()
    world.end_step(Step.DISCOVER, DiscoverSummary(count=200, shards=8, digest="0" * 64))
    await world.look()
    world.start_operator()
    await world.look()
    created = [what for what in world.kube.writes if what.startswith("create jobs")]
    assert sorted(set(created)) == ["create jobs talks-discover", "create jobs talks-work"]
    assert len(world.kube.status()["conditions"]) >= 3


async def test_nothing_new_is_not_written() -> None:
    world = World()
    await world.work([make_sample(gib=48, limits_revision=1)] * 4)
    for _ in range(3):  # whether the objectives are met is known from the third on
        await world.look()
    world.kube.writes.clear()
    await world.look()
    assert world.kube.writes == []


async def test_a_stale_operator_is_refused() -> None:
    world = World()
    await world.look()
    world.kube.update(RUNS, "talks")
    world.end_step(Step.DISCOVER, DiscoverSummary(count=200, shards=8, digest="0" * 64))
    for job in ("talks-discover",):
        world.cache.put_job(UID, world.kube.job(job))
    world.cache.put_pod(UID, world.kube.objects["pods", "talks-discover-0"])
    with pytest.raises(Conflict):
        await world.reconciler.look()


async def test_an_operator_that_has_missed_what_another_decided_moves_nothing_until_it_has_read_it() -> None:
    world = World()
    await world.work([make_sample(gib=48, limits_revision=1)] * 4)
    for _ in range(3):
        await world.look()
    decided = world.kube.status()["workers"] | {"parallelism": 2}
    world.kube.update(RUNS, "talks", status=world.kube.status() | {"workers": decided})
    world.kube.update(JOBS, "talks-work", spec=world.kube.job("talks-work")["spec"] | {"parallelism": 2})
    world.cache.put_job(UID, world.kube.job("talks-work"))  # whose watch is ahead of that of the run

    with pytest.raises(Conflict):
        await world.reconciler.look()
    assert world.kube.job("talks-work")["spec"]["parallelism"] == 2

    await world.look()
    assert world.kube.job("talks-work")["spec"]["parallelism"] == 2


async def test_a_name_that_is_taken_is_said_and_the_run_goes_on_once_it_is_free() -> None:
    world = World()
    foreign = {"kind": "Job", "metadata": {"name": "talks-discover", "namespace": "default"}, "spec": {}}
    world.kube.put(JOBS, foreign)
    assert (await world.look()).again_after == 0
    assert (await world.look()).again_after == 30
    assert world.ready == (
        "NameTaken",
        "Job talks-discover is needed by this run but belongs to someone else: remove it, or give the run another name",
    )
    del world.kube.objects["jobs", "talks-discover"]
    await world.look()
    await world.look()
    assert world.ready[0] == "Discovering"


@pytest.mark.parametrize("owner", [[], [{"controller": True, "uid": "x", "kind": "Deployment", "name": "talks"}]])
async def test_a_config_map_of_somebody_else_is_left_as_it_is(owner: list[dict[str, Any]]) -> None:
    world = World()
    meta = {"name": "talks-limits", "namespace": "default", "ownerReferences": owner}
    world.kube.put(CONFIG_MAPS, {"kind": "ConfigMap", "metadata": meta, "data": {"theirs": "1"}})
    await world.work([])
    await world.look()
    assert world.kube.objects["configmaps", "talks-limits"]["data"] == {"theirs": "1"}
    assert world.ready[0] == "NameTaken"
    assert ("jobs", "talks-work") not in world.kube.objects


async def test_what_an_earlier_run_of_the_same_name_left_is_waited_for() -> None:
    world = World()
    owner = {"controller": True, "uid": "earlier", "kind": identity.KIND, "name": "talks"}
    meta = {"name": "talks-run", "namespace": "default", "ownerReferences": [owner]}
    world.kube.put(CONFIG_MAPS, {"kind": "ConfigMap", "metadata": meta})
    assert (await world.look()).again_after == 1
    assert world.ready[0] == "Discovering"


async def test_what_an_earlier_run_of_the_same_name_left_and_does_not_go_is_said() -> None:
    """As a Job that was deleted in the foreground, one of whose pods is on a dead node."""
    world = World()
    owner = {"controller": True, "uid": "earlier", "kind": identity.KIND, "name": "talks"}
    meta = {"name": "talks-discover", "namespace": "default", "ownerReferences": [owner]}
    world.kube.put(JOBS, {"kind": "Job", "metadata": meta, "spec": {}})
    await world.look()
    await world.look(LONGEST_REMOVAL_SECONDS)
    assert (await world.look()).again_after == OBSTACLE_RETRY_SECONDS
    assert world.ready == (
        "NameTaken",
        "Job talks-discover of an earlier run is still there; kubectl get pods -l ingestion.dev/run=talks tells what "
        "keeps it",
    )
    del world.kube.objects["jobs", "talks-discover"]
    await world.look()
    await world.look()
    assert world.ready[0] == "Discovering"


async def test_what_the_api_server_refuses_is_said_in_its_words() -> None:
    world = World()
    for _ in range(2):
        world.kube.fail("create jobs", Refused(422, "Invalid", "spec.template: Invalid value"))
    await world.look()
    await world.look()
    assert world.ready == ("Refused", "the API server refuses Job talks-discover: spec.template: Invalid value")


async def test_a_refusal_in_ever_new_words_is_tried_again_no_faster() -> None:
    world = World()
    for used in range(3):
        world.kube.fail("create jobs", Refused(403, "Forbidden", f"exceeded quota, used: {used}"))
    assert [(await world.look()).again_after for _ in range(3)] == [0, 30, 30]


async def test_a_suspension_is_told_once_whatever_else_is_changed_and_whoever_restarts() -> None:
    world = World(suspend=True)
    await world.look()
    run = world.kube.objects["ingestionruns", "talks"]
    world.kube.update(RUNS, "talks", metadata=run["metadata"] | {"generation": 2})
    await world.look()
    world.start_operator()
    await world.look()
    assert world.kube.writes.count("create events Suspended") == 1


async def test_a_spec_that_cannot_be_used_is_said_and_nothing_is_made() -> None:
    world = World(workers={"parallelism": {"initial": 1, "min": 5, "max": 8}})
    assert (await world.look()).again_after is None
    assert world.ready[0] == "InvalidSpec"
    assert "min" in world.ready[1]
    assert world.kube.writes == ["status ingestionruns"]


async def test_a_spec_that_was_mended_is_looked_at_at_once() -> None:
    world = World(workers={"parallelism": {"initial": 1, "min": 5, "max": 8}})
    await world.look()
    world.change(workers={"parallelism": {"initial": 5, "min": 5, "max": 8}})
    await world.look()
    assert world.ready[0] == "Discovering"
    assert "create jobs talks-discover" in world.kube.writes


async def test_a_result_whose_pod_has_gone_is_made_again() -> None:
    world = World()
    await world.look()
    world.end_step(Step.DISCOVER, None, pod=False)
    await world.look()
    assert "delete jobs talks-discover" in world.kube.writes


async def test_a_list_that_has_been_read_is_not_missed_when_its_pod_goes() -> None:
    world = World()
    await world.work([make_sample(gib=48)] * 4)
    gone = world.kube.objects.pop(("pods", "talks-discover-0"))
    world.start_operator()
    await world.look()
    assert gone
    assert not [what for what in world.kube.writes if what.startswith("delete")]


async def test_a_suspended_run_makes_no_jobs() -> None:
    world = World(suspend=True)
    await world.look()
    assert not [what for what in world.kube.writes if "jobs" in what]
    assert world.ready[0] == "Suspended"


async def test_suspending_suspends_the_work_and_going_on_lets_it_go_on() -> None:
    world = World()
    await world.work([make_sample()] * 4)
    run = world.kube.objects["ingestionruns", "talks"]
    for suspend in (True, False):
        world.kube.update(RUNS, "talks", spec=run["spec"] | {"suspend": suspend})
        await world.look()
        assert world.kube.job("talks-work")["spec"].get("suspend", False) is suspend


async def test_suspending_a_run_that_its_source_blocks_ends_the_probes_too() -> None:
    world = World()
    await world.work([])
    world.add_pod(Step.WORK, 0, "Failed", {"terminated": {"exitCode": 75, "finishedAt": "2026-11-24T12:00:05Z"}})
    await world.look()
    assert world.kube.job("talks-work")["spec"]["parallelism"] == 0
    world.change(suspend=True)
    for _ in range(3):
        await world.look(3600)
    spec = world.kube.job("talks-work")["spec"]
    assert (world.ready[0], spec["suspend"], spec["parallelism"]) == ("Suspended", True, 0)
    world.change(suspend=False)
    await world.look()
    assert world.kube.job("talks-work")["spec"]["parallelism"] == 1


async def test_workers_that_ended_in_a_row_for_want_of_memory_are_tried_again_after_any_change_of_the_spec() -> None:
    world = World(workers={"parallelism": {"initial": 1, "min": 1, "max": 8}})
    await world.work([])
    for index in range(8):
        ended = {"exitCode": 85, "finishedAt": f"2026-11-24T12:00:1{index}Z"}
        world.add_pod(Step.WORK, index, "Failed", {"terminated": ended})
    for _ in range(3):
        await world.look(60)
    assert (world.ready[0], world.kube.job("talks-work")["spec"]["parallelism"]) == ("OOMAtMinimum", 0)
    world.change(ttlSecondsAfterFinished=60)
    for _ in range(2):
        await world.look()
    assert (world.ready[0], world.kube.job("talks-work")["spec"]["parallelism"]) == ("Ingesting", 1)


@pytest.mark.parametrize(
    ("change", "reason", "workers"),
    [
        ({"memory": {"targetPercent": 40}}, "OverTarget", 1),
        ({"workers": {"parallelism": {"initial": 1, "min": 1, "max": 1}}}, "BoundsChanged", 1),
        ({"workers": {"parallelism": {"initial": 3, "min": 3, "max": 8}}}, "BoundsChanged", 3),
    ],
)
async def test_what_may_change_while_a_run_goes_on_is_followed(
    change: dict[str, Any], reason: str, workers: int
) -> None:
    world = World(workers={"parallelism": {"initial": 2, "min": 1, "max": 8}})
    await world.work([make_sample(limits_revision=1)] * 2)
    for _ in range(3):
        await world.look()
    assert world.kube.job("talks-work")["spec"]["parallelism"] == 2
    world.change(**change)
    await world.look(60)
    assert world.kube.job("talks-work")["spec"]["parallelism"] == workers
    assert world.kube.status()["adaptations"][-1]["reason"] == reason


async def test_the_objective_that_counts_is_the_one_at_the_end() -> None:
    world = World()
    await world.work([])
    world.change(objectives={"minSuccessPercent": 5})
    world.kube.update(JOBS, "talks-work", status={"conditions": [{"type": "Complete", "status": "True"}]})
    await world.look()
    world.end_step(Step.FINISH, FinishSummary(total=200, succeeded=10, failed=190, skipped=0))
    await world.look()
    assert world.ready[0] == "Ingested"


async def test_a_deadline_that_has_passed_is_handed_to_the_job_once() -> None:
    world = World(activeDeadlineSeconds=100)
    await world.work([make_sample()] * 4)
    assert (await world.look(seconds=90)).again_after is not None
    assert "activeDeadlineSeconds" not in world.kube.job("talks-work")["spec"]
    await world.look(seconds=10)
    assert world.kube.job("talks-work")["spec"]["activeDeadlineSeconds"] == 1
    assert world.ready[0] == "DeadlineExceeded"
    world.kube.writes.clear()
    await world.look()
    assert not [what for what in world.kube.writes if "jobs" in what]


async def test_a_run_with_a_deadline_is_looked_at_when_it_passes() -> None:
    world = World(activeDeadlineSeconds=60)
    first = await world.look()
    assert first.again_after == 60
    await world.look(seconds=60)
    assert world.kube.job("talks-discover")["spec"]["activeDeadlineSeconds"] == 1


async def test_counting_is_not_bound_by_the_deadline() -> None:
    world = World(activeDeadlineSeconds=10)
    await world.work([])
    failed = {"type": "Failed", "status": "True", "reason": "DeadlineExceeded", "message": "too long"}
    world.kube.update(JOBS, "talks-work", status={"conditions": [failed]})
    for _ in range(3):
        await world.look(seconds=60)
    assert "activeDeadlineSeconds" not in world.kube.job("talks-finish")["spec"]


@pytest.mark.parametrize("step", [Step.DISCOVER, Step.FINISH])
async def test_suspending_stops_the_other_steps_too(step: Step) -> None:
    world = World()
    await world.look()
    if step is Step.FINISH:
        await world.work([])
        world.kube.update(JOBS, "talks-work", status={"conditions": [{"type": "Complete", "status": "True"}]})
        await world.look()
    run = world.kube.objects["ingestionruns", "talks"]
    for suspend in (True, False):
        world.kube.update(RUNS, "talks", spec=run["spec"] | {"suspend": suspend})
        await world.look()
        assert world.kube.job(f"talks-{step}")["spec"].get("suspend", False) is suspend
    assert "parallelism" not in world.kube.job(f"talks-{step}")["spec"]


async def test_in_a_queue_the_jobs_suspend_is_never_written_whoever_changes_it() -> None:
    world = World(queueName="gpu-queue")
    await world.work([make_sample(gib=48)] * 4)
    run = world.kube.objects["ingestionruns", "talks"]
    for held_by_kueue in (True, False):
        job = world.kube.job("talks-work")
        world.kube.update(JOBS, "talks-work", spec=job["spec"] | {"suspend": held_by_kueue})
        for suspend in (True, False):
            world.kube.update(RUNS, "talks", spec=run["spec"] | {"suspend": suspend})
            await world.look()
            spec = world.kube.job("talks-work")["spec"]
            assert (spec["suspend"], spec["parallelism"]) == (held_by_kueue, 0 if suspend else 4)


async def test_a_run_that_waits_in_its_queue_says_so_and_goes_on_when_it_is_let() -> None:
    world = World(queueName="gpu-queue")
    await world.work([])
    job = world.kube.job("talks-work")
    world.kube.update(JOBS, "talks-work", spec=job["spec"] | {"suspend": True})
    await world.look()
    assert world.ready == ("Queued", "0/200 videos, 4 workers wanted, which the queue gpu-queue holds back")
    world.kube.update(JOBS, "talks-work", spec=job["spec"] | {"suspend": False})
    await world.look()
    assert world.ready[0] == "Ingesting"


async def test_in_a_queue_memory_still_lowers_the_workers() -> None:
    world = World(queueName="gpu-queue")
    await world.work(INCIDENT)
    await world.look()
    assert world.kube.job("talks-work")["spec"]["parallelism"] == 2


async def test_only_the_jobs_of_a_run_that_has_ended_expire() -> None:
    world = World()
    await world.work([])
    assert "ttlSecondsAfterFinished" not in world.kube.job("talks-discover")["spec"]
    world.kube.update(JOBS, "talks-work", status={"conditions": [{"type": "Failed", "status": "True"}]})
    await world.look()
    world.end_step(Step.FINISH, FinishSummary(total=200, succeeded=10, failed=190, skipped=0))
    await world.look()
    for step in Step:
        assert world.kube.job(f"talks-{step}")["spec"]["ttlSecondsAfterFinished"] == 3600
    assert world.ready[0] == "TooFewSucceeded"
    world.change(ttlSecondsAfterFinished=60)
    await world.look()
    for step in Step:
        assert world.kube.job(f"talks-{step}")["spec"]["ttlSecondsAfterFinished"] == 60
    assert world.ready[0] == "TooFewSucceeded"


async def test_a_run_that_has_ended_is_left_alone_though_its_jobs_may_not_be_changed() -> None:
    world = World()
    await world.look()
    world.end_step(Step.DISCOVER, None, condition="Failed", pod=False)
    for _ in range(2):
        world.kube.fail("merge jobs", Refused(403, "Forbidden", "admission webhook denied the request"))
        assert (await world.look()).ended


async def test_a_run_that_has_ended_is_left_alone() -> None:
    world = World()
    ended = {"completionTime": "2026-11-24T11:00:00Z", "observedGeneration": 1, "startTime": "2026-11-24T10:00:00Z"}
    world.kube.update(RUNS, "talks", status=ended)
    assert (await world.look()).ended
    assert world.kube.writes == []


async def test_a_run_that_has_ended_stays_as_it_ended_though_its_spec_cannot_be_read_any_more() -> None:
    world = World(workers={"parallelism": {"initial": 1, "min": 5, "max": 8}})
    condition = {"type": "Ready", "status": "True", "reason": "Ingested", "lastTransitionTime": "2026-11-24T11:00:00Z"}
    ended = {"completionTime": "2026-11-24T11:00:00Z", "observedGeneration": 1, "conditions": [condition]}
    world.kube.update(RUNS, "talks", status=ended)
    assert (await world.look()).ended
    assert world.ready[0] == "Ingested"


async def test_pods_that_go_after_the_end_are_not_kept_in_mind() -> None:
    world = World()
    await world.work([make_sample()])
    ended = {"completionTime": "2026-11-24T11:00:00Z", "observedGeneration": 1, "startTime": "2026-11-24T10:00:00Z"}
    world.kube.update(RUNS, "talks", status=ended)
    world.cache.drop_pod(UID, world.kube.objects.pop(("pods", "talks-work-0")))
    await world.look()
    assert world.cache.gone_pods_of(UID) == ()


async def test_workers_are_looked_at_at_an_interval_and_an_idle_run_is_not() -> None:
    world = World()
    assert (await world.look()).again_after == FULL_LOOK_SECONDS
    await world.work([make_sample(gib=48)] * 4)
    assert (await world.look()).again_after == 5


async def test_a_job_that_went_while_the_watches_were_cut_off_is_made_again() -> None:
    world = World()
    await world.work([make_sample(gib=48)] * 4)
    await world.look()
    for plural, name in [key for key in world.kube.objects if key[1].startswith("talks-work")]:
        del world.kube.objects[plural, name]
    world.workers.samples.clear()
    await world.look(FULL_LOOK_SECONDS)
    assert ("jobs", "talks-work") in world.kube.objects


async def test_nothing_is_asked_of_the_api_server_while_workers_answer_and_nothing_changes() -> None:
    world = World()
    await world.work([make_sample(gib=48, limits_revision=1)] * 4)
    for _ in range(3):
        await world.look()
    world.kube.requests.clear()
    for _ in range(3):
        await world.look(FULL_LOOK_SECONDS)
    assert world.kube.requests == []


async def test_nothing_is_asked_of_the_api_server_while_no_node_has_room() -> None:
    world = World()
    await world.work([])
    await world.look()
    world.add_pod(Step.WORK, 0, "Pending", {})
    assert (await world.look()).again_after == WAITING_LOOK_SECONDS
    await world.look(SLOW_START.total_seconds())
    world.kube.requests.clear()
    for _ in range(3):
        await world.look(FULL_LOOK_SECONDS)
    assert world.kube.requests == []


async def test_a_new_operator_writes_nothing_where_all_is_as_it_should_be() -> None:
    world = World()
    await world.work([make_sample(gib=48, limits_revision=1)] * 4)
    for _ in range(3):
        await world.look()
    world.kube.writes.clear()
    world.start_operator()
    for _ in range(3):
        await world.look()
    assert set(world.kube.writes) == {"create events DiscoveryComplete"}


async def test_a_job_that_goes_while_it_is_changed_is_made_again() -> None:
    world = World()
    await world.work(INCIDENT)
    del world.kube.objects["jobs", "talks-work"]
    with pytest.raises(NotFound):
        await world.look()
    world.reconciler.read_again()
    await world.look()
    assert world.kube.job("talks-work")["spec"]["parallelism"] == 2


async def test_a_job_that_is_on_its_way_out_is_waited_for_and_made_again() -> None:
    world = World()
    await world.work([make_sample(gib=48)] * 4)
    job = world.kube.job("talks-work")
    leaving = {**job["metadata"], "deletionTimestamp": "2026-11-24T12:00:00Z"}
    world.kube.update(JOBS, "talks-work", metadata=leaving)
    await world.look()
    assert "deletionTimestamp" in world.kube.job("talks-work")["metadata"]
    del world.kube.objects["jobs", "talks-work"]
    world.cache.drop_job(UID, job["metadata"]["uid"])
    await world.look()
    assert "deletionTimestamp" not in world.kube.job("talks-work")["metadata"]


@pytest.mark.parametrize("name", ["talks-run", "talks-limits"])
async def test_a_config_map_that_is_deleted_by_hand_is_made_again_when_a_pod_cannot_start_without_it(name: str) -> None:
    world = World()
    await world.work([make_sample(gib=48)] * 3)
    await world.look()
    del world.kube.objects["configmaps", name]
    world.add_pod(Step.WORK, 3, "Pending", {"waiting": {"reason": "ContainerCreating"}}, node="gpu-7")
    await world.look(FULL_LOOK_SECONDS)
    assert ("configmaps", name) in world.kube.objects


async def test_a_quiet_time_starts_anew_with_the_operator() -> None:
    """A restarted operator goes up no earlier than it has itself seen memory free for long enough."""
    world = World(workers={"parallelism": {"initial": 1, "min": 1, "max": 8}})
    await world.work([make_sample(gib=80, limits_revision=9)])
    await world.look()
    for _ in range(10):
        await world.look(10)
    world.start_operator()
    for _ in range(10):
        await world.look(10)
    assert world.kube.job("talks-work")["spec"]["parallelism"] == 1
    for _ in range(3):
        await world.look(10)
    assert world.kube.job("talks-work")["spec"]["parallelism"] == 7


async def blocked(world: World) -> None:
    """Let the source block the address of the run's workers."""
    await world.work([])
    ended = {"exitCode": 75, "finishedAt": (world.now + timedelta(seconds=2)).isoformat()}
    world.add_pod(Step.WORK, 0, "Failed", {"terminated": ended})
    await world.look()


async def test_a_run_whose_source_blocks_is_looked_at_when_its_pause_has_passed() -> None:
    world = World()
    await blocked(world)
    look = await world.look()
    assert look.again_after is not None
    await world.look(look.again_after + 1)
    assert world.kube.job("talks-work")["spec"]["parallelism"] == 1


@pytest.mark.parametrize("pending", [False, True], ids=["not made yet", "on no node yet"])
async def test_a_probe_that_cannot_start_is_waited_for_without_haste(pending: bool) -> None:
    world = World()
    await blocked(world)
    await world.look(100)
    if pending:
        world.add_pod(Step.WORK, 0, "Pending", {})
    look = await world.look()
    assert look.again_after is not None
    assert look.again_after >= WAITING_LOOK_SECONDS


async def test_a_pause_that_frozen_levers_hold_is_looked_at_without_haste() -> None:
    world = World()
    await blocked(world)
    world.start_operator(frozen=True)
    await world.look()
    look = await world.look(100)
    assert world.kube.job("talks-work")["spec"]["parallelism"] == 0
    assert look.again_after is not None
    assert look.again_after >= 5


async def test_pods_that_may_not_be_annotated_hold_nothing_up_and_are_tried_again_later() -> None:
    """Their kubelets read the limits by themselves within minutes."""
    world = World()
    await world.work([make_sample(gib=48)] * 4)
    for _ in range(4):
        world.kube.fail("merge pods", Refused(403, "Forbidden", "pods may not be changed"))
    assert (await world.look()).again_after == 5
    world.kube.requests.clear()
    await world.look(5)
    assert world.kube.requests == []
    await world.look(TOUCH_AGAIN_SECONDS)
    assert sum(what.startswith("merge pods") for what in world.kube.requests) == 4


async def test_one_pod_that_may_not_be_annotated_is_no_reason_to_pass_over_the_others() -> None:
    world = World()
    await world.work([make_sample(gib=48)] * 4)
    world.kube.fail("merge pods talks-work-0", Refused(403, "Forbidden", "this one may not be changed"))
    await world.look()
    annotations = [world.pod(Step.WORK, index)["metadata"]["annotations"] for index in range(4)]
    assert [found.get(identity.LIMITS_REVISION_ANNOTATION) for found in annotations] == [None, "1", "1", "1"]


async def test_a_change_that_the_api_server_refuses_is_said_in_its_words() -> None:
    """As a policy of the cluster may refuse it: else the status would tell of workers that are not there."""
    world = World()
    await world.work(INCIDENT)
    for _ in range(2):
        world.kube.fail("merge jobs", Refused(403, "Forbidden", "admission webhook denied the request"))
    await world.look()
    await world.look()
    assert world.ready == (
        "Refused",
        "the API server refuses to change Job talks-work: admission webhook denied the request",
    )
    await world.look()
    await world.look()
    assert world.ready[0] == "Ingesting"
    assert world.kube.job("talks-work")["spec"]["parallelism"] == 2


@pytest.mark.parametrize("restarted", [False, True])
async def test_memory_is_governed_on_when_the_clock_is_put_back(restarted: bool) -> None:
    """As on a machine whose clock was two hours fast: a lever that was moved then is not one that has not settled."""
    world = World()
    await world.work(INCIDENT)
    await world.look()
    assert world.kube.job("talks-work")["spec"]["parallelism"] == 2
    world.now -= timedelta(hours=2)
    if restarted:
        world.start_operator()
    world.workers.samples = {0: waiting(), 1: waiting(), 2: waiting(), 3: waiting()}
    world.kube.update(RUNS, "talks", status=world.kube.status() | {"memory": {"floorBytes": 15 * GIB}})
    for _ in range(30):
        await world.look(5)
    assert world.kube.job("talks-work")["spec"]["parallelism"] == 1


async def test_a_source_is_probed_after_its_pause_though_the_clock_is_put_back() -> None:
    world = World()
    await blocked(world)
    world.now -= timedelta(hours=2)
    await world.look()
    await world.look(100)
    assert world.kube.job("talks-work")["spec"]["parallelism"] == 1
