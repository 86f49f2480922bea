"""The tasks that drive runs: woken by events, never killed by an error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any

import pytest

from ingestion_contract import identity
from ingestion_contract.pod import Step
from ingestion_contract.summary import DiscoverSummary, ErrorSummary, Summary, encode_summary
from ingestion_operator import controller
from ingestion_operator.clock import system_clock
from ingestion_operator.controller import DEBOUNCE_SECONDS, Controller
from ingestion_operator.desired.pod_template import WorkerSettings
from ingestion_operator.kube import ApiError, Conflict
from ingestion_operator.observe.pods import Pod
from ingestion_operator.observe.worker_sample import WorkerSample
from ingestion_operator.reconciler import Settings
from ingestion_operator.resources import JOBS, PODS, RUNS
from tests.operator.control.fake_kube import FakeKube


class NoWorkers:
    async def scrape(self, pods: Iterable[Pod]) -> Mapping[str, WorkerSample]:
        return {}


class Operated:
    """An API server in memory whose every write is told to a controller, as a watch would."""

    def __init__(self) -> None:
        self.kube = FakeKube()
        self.controller = Controller(self.kube, NoWorkers(), Settings(WorkerSettings("worker:1")), system_clock)
        self.kube.on_write = self._tell

    def apply(self, uid: str = "uid-of-the-first") -> None:
        """Apply a run."""
        spec = {"source": {"urls": ["https://videos.example"]}, "output": {"uri": "s3://bucket/x"}}
        meta = {"name": "talks", "namespace": "default", "generation": 1, "uid": uid}
        self.kube.put(RUNS, {"metadata": meta, "spec": spec})

    def end_discovery(self, summary: Summary, code: int, condition: str) -> None:
        """Let discovery end."""
        job = self.kube.job("talks-discover")
        meta = {
            "name": "talks-discover-0",
            "namespace": "default",
            "labels": job["metadata"]["labels"],
            "ownerReferences": [{"controller": True, "uid": job["metadata"]["uid"]}],
        }
        state = {"terminated": {"exitCode": code, "message": encode_summary(summary)}}
        status = {"phase": "Failed" if code else "Succeeded", "containerStatuses": [{"name": "worker", "state": state}]}
        self.kube.put(PODS, {"metadata": meta, "status": status})
        self.kube.update(JOBS, "talks-discover", status={"conditions": [{"type": condition, "status": "True"}]})

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(10):
            while not holds():  # noqa: ASYNC110 - what is waited for sends no event
                await asyncio.sleep(0.01)

    def has_job(self, step: Step) -> bool:
        """Whether the step's Job is there."""
        return ("jobs", f"talks-{step}") in self.kube.objects

    def _tell(self, plural: str, found: dict[str, Any]) -> None:
        if plural == "ingestionruns":
            self.controller.see_run(found)
        elif plural == "jobs":
            self.controller.see_job(found)
        elif plural == "pods":
            self.controller.see_pod(found)


@pytest.fixture
async def operated() -> AsyncIterator[Operated]:
    operated = Operated()
    yield operated
    await operated.controller.stop()


async def test_events_drive_a_run_on(operated: Operated) -> None:
    operated.apply()
    await operated.until(lambda: operated.has_job(Step.DISCOVER))
    operated.end_discovery(DiscoverSummary(count=8, shards=2, digest="0" * 64), 0, "Complete")
    await operated.until(lambda: operated.has_job(Step.WORK))


async def test_an_api_server_that_fails_is_tried_again(operated: Operated) -> None:
    for _ in range(2):
        operated.kube.fail("status", ApiError(500, "", "etcd is away"))
    operated.apply()
    await operated.until(lambda: operated.has_job(Step.DISCOVER))


async def test_a_run_that_changed_meanwhile_is_read_again(operated: Operated) -> None:
    operated.apply()
    await operated.until(lambda: operated.has_job(Step.DISCOVER))
    operated.kube.on_write = lambda plural, found: None
    operated.kube.update(RUNS, "talks")
    operated.kube.on_write = operated._tell
    operated.end_discovery(DiscoverSummary(count=8, shards=2, digest="0" * 64), 0, "Complete")
    await operated.until(lambda: operated.has_job(Step.WORK))


async def test_an_api_server_that_fails_while_a_run_is_read_again_is_tried_again(operated: Operated) -> None:
    operated.kube.fail("status", Conflict(409, "Conflict", "the object has been modified"))
    operated.kube.fail("get ingestionruns", ApiError(500, "", "etcd is away"))
    operated.apply()
    await operated.until(lambda: operated.has_job(Step.DISCOVER))


async def test_a_run_that_takes_the_name_of_a_deleted_one_is_driven(operated: Operated) -> None:
    """The old run's write is refused, and reading it again shows the new one before the watch does."""
    operated.apply()
    await operated.until(lambda: operated.has_job(Step.DISCOVER))
    operated.kube.on_write = lambda plural, found: None
    operated.apply(uid="uid-of-the-second")
    operated.kube.on_write = operated._tell
    operated.end_discovery(DiscoverSummary(count=8, shards=2, digest="0" * 64), 0, "Complete")
    await operated.until(lambda: operated.controller.active_runs == 0)
    second = operated.kube.objects["ingestionruns", "talks"]
    operated.kube.objects = {("ingestionruns", "talks"): second}
    operated.controller.see_run(second)
    await operated.until(lambda: operated.has_job(Step.DISCOVER))


async def test_a_run_that_has_ended_costs_no_task(operated: Operated) -> None:
    operated.apply()
    await operated.until(lambda: operated.has_job(Step.DISCOVER))
    error = ErrorSummary(reason="SourceGone", detail="the playlist does not exist")
    operated.end_discovery(error, 64, "Failed")
    await operated.until(lambda: operated.controller.active_runs == 0)
    assert operated.kube.status()["completionTime"]


async def test_a_run_that_is_deleted_costs_no_task(operated: Operated) -> None:
    operated.apply()
    await operated.until(lambda: operated.has_job(Step.DISCOVER))
    operated.controller.lose_run(operated.kube.objects["ingestionruns", "talks"])
    await operated.until(lambda: operated.controller.active_runs == 0)


async def test_objects_of_runs_that_nobody_knows_start_nothing(operated: Operated) -> None:
    labels = {identity.RUN_UID_LABEL: "unknown", identity.STEP_LABEL: "work"}
    operated.kube.put(JOBS, {"metadata": {"name": "x", "namespace": "default", "labels": labels}, "spec": {}})
    assert operated.controller.active_runs == 0


async def test_stopping_ends_a_task_that_is_woken_at_the_same_moment(operated: Operated) -> None:
    operated.apply()
    await operated.until(lambda: operated.has_job(Step.DISCOVER))
    await asyncio.sleep(2 * DEBOUNCE_SECONDS)
    operated.kube.update(JOBS, "talks-discover")
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await operated.controller.stop()
    assert operated.controller.active_runs == 0


async def test_a_run_that_went_while_no_watch_told_is_forgotten_though_it_had_ended(operated: Operated) -> None:
    operated.apply()
    await operated.until(lambda: operated.has_job(Step.DISCOVER))
    operated.end_discovery(ErrorSummary(reason="SourceGone", detail="the playlist does not exist"), 64, "Failed")
    await operated.until(lambda: operated.controller.active_runs == 0)
    await operated.controller.forget_vanished()
    assert len(operated.controller.seen_runs()) == 1
    del operated.kube.objects["ingestionruns", "talks"]
    await operated.controller.forget_vanished()
    assert operated.controller.seen_runs() == []


async def test_a_run_that_went_while_no_watch_told_costs_no_task(operated: Operated) -> None:
    operated.apply()
    await operated.until(lambda: operated.has_job(Step.DISCOVER))
    del operated.kube.objects["ingestionruns", "talks"]
    await operated.controller.forget_vanished()
    await operated.until(lambda: operated.controller.active_runs == 0)


async def test_a_run_that_came_after_the_listing_is_kept(operated: Operated) -> None:
    """A listing from the API server's cache may be older than what a watch has shown since."""
    newer = {"namespace": "default", "name": "talks", "generation": 1, "uid": "newer", "resourceVersion": "1000000"}
    operated.controller.see_run({"metadata": newer, "spec": {}})
    await operated.controller.forget_vanished()
    assert len(operated.controller.seen_runs()) == 1


async def test_runs_are_kept_when_the_api_server_fails_to_say_which_are_there(operated: Operated) -> None:
    operated.apply()
    await operated.until(lambda: operated.has_job(Step.DISCOVER))
    operated.kube.fail("list ingestionruns", ApiError(500, "", "etcd is away"))
    await operated.controller.forget_vanished()
    assert len(operated.controller.seen_runs()) == 1


async def test_a_run_that_fails_for_days_is_still_tried_again(
    operated: Operated, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pause that doubles more than a thousand times is no number any more."""
    monkeypatch.setattr(controller, "DEBOUNCE_SECONDS", 0.0)
    monkeypatch.setattr(controller, "LONGEST_BACK_OFF_SECONDS", 0.0)
    for _ in range(1100):
        operated.kube.fail("select jobs", ApiError(500, "", "etcd is away"))
    operated.apply()
    await operated.until(lambda: operated.has_job(Step.DISCOVER))
