"""Runs on a real API server with the real Job controller; the workers are stand-ins without models."""

from __future__ import annotations

import pytest

from ingestion_contract.status import ConditionStatus, ConditionType
from ingestion_operator.resources import JOBS
from ingestion_operator.status.conditions import holds
from tests.operator.cluster.kit import Operator, Runs, all_of, changes, eventually

pytestmark = pytest.mark.long


async def test_a_device_that_is_over_target_loses_a_worker_before_any_oom(runs: Runs, operator: Operator) -> None:
    await runs.apply(shards=4, videos=6, seconds=0.5, gib=40)
    status = await runs.until_ended()
    assert changes(status) == [(4, 3, "OverTarget")]
    assert status.memory.oom_total == 0
    assert sorted(runs.ingested()) == all_of(4, 6)


async def test_a_suspended_run_loses_nothing_and_goes_on(runs: Runs, operator: Operator) -> None:
    await runs.apply(shards=4, videos=20, seconds=0.4, gib=80)
    await runs.until("some videos are done", lambda status: status.videos.succeeded >= 2)
    await runs.patch({"suspend": True})

    async def at_rest() -> bool:
        work = await runs.job("work")
        return work is not None and work["spec"]["suspend"] and not work["status"].get("active")

    await eventually("the work rests", at_rest)
    ready = await runs.condition(ConditionType.READY)
    assert ready is not None
    assert ready.reason == "Suspended"
    done = len(runs.ingested())
    assert 0 < done < 80
    await runs.patch({"suspend": False})
    status = await runs.until_ended()
    assert status.progress == "80/80"
    assert sorted(runs.ingested()) == all_of(4, 20)
    await runs.until_told("DiscoveryComplete", "Suspended", "Resumed", "RunComplete")


async def test_a_deadline_stops_the_workers_and_what_is_finished_decides(runs: Runs, operator: Operator) -> None:
    await runs.apply(shards=4, videos=50, seconds=0.4, gib=80)
    await runs.until("some videos are done", lambda status: status.videos.succeeded >= 2)
    await runs.patch({"activeDeadlineSeconds": 1})
    status = await runs.until_ended()
    failed = await runs.condition(ConditionType.FAILED)
    assert failed is not None
    assert failed.reason == "DeadlineExceeded"
    assert status.videos.succeeded == len(runs.ingested())
    assert status.videos.reasons["NotProcessed"] == 200 - status.videos.succeeded


async def test_deleting_a_run_removes_what_it_made(runs: Runs, operator: Operator) -> None:
    run = await runs.apply(shards=4, videos=100, seconds=0.5, gib=80)
    await runs.until("the work goes on", lambda status: status.videos.succeeded)
    assert len(await runs.children(run)) >= 8
    await runs.delete()
    await runs.until_children_are_gone(run)


async def test_an_operator_that_is_killed_changes_nothing_in_the_outcome(runs: Runs, operator: Operator) -> None:
    await runs.apply(shards=6, videos=4, seconds=0.5, room=2)
    await runs.until("memory runs out", lambda status: status.adaptations)
    operator.kill()
    before = await runs.job("work")
    operator.start()
    status = await runs.until_ended()
    after = await runs.job("work")
    assert before is not None
    assert after is not None
    assert before["metadata"]["uid"] == after["metadata"]["uid"]
    assert changes(status) == [(4, 2, "MemoryPressure")]
    assert status.memory.oom_total >= 1
    assert sorted(runs.ingested()) == all_of(6, 4)
    await runs.until_told("DiscoveryComplete", "MemoryPressure", "RunComplete")


async def test_an_operator_that_is_killed_before_anything_was_seen_catches_up(runs: Runs, operator: Operator) -> None:
    operator.kill()
    await runs.apply(shards=3, videos=2)
    operator.start()
    status = await runs.until_ended()
    assert status.progress == "6/6"


async def test_a_discovery_that_fails_ends_the_run_with_its_sentence(runs: Runs, operator: Operator) -> None:
    await runs.apply(discover="fail")
    status = await runs.until_ended()
    ready = await runs.condition(ConditionType.READY)
    assert holds(status.conditions, ConditionType.FAILED)
    assert ready is not None
    assert (ready.reason, ready.message) == ("SourceGone", "the playlist does not exist")
    assert await runs.job("work") is None
    await runs.until_told("RunFailed")


async def test_a_worker_that_cannot_be_configured_ends_the_work_and_the_videos_decide(
    runs: Runs, operator: Operator
) -> None:
    await runs.apply(shards=3, videos=2, seconds=0.1, exit=64, spec={"objectives": {"minSuccessPercent": 100}})
    status = await runs.until_ended()
    ready = await runs.condition(ConditionType.READY)
    assert ready is not None
    assert ready.reason == "TooFewSucceeded"
    assert status.videos.total == 6


async def test_a_blocked_source_pauses_the_run(runs: Runs, operator: Operator) -> None:
    await runs.apply(shards=4, videos=50, seconds=0.5, exit=75)
    await runs.until("it pauses", lambda status: status.workers is not None and status.workers.parallelism == 0)
    blocked = await runs.condition(ConditionType.SOURCE_BLOCKED)
    assert blocked is not None
    assert blocked.status is ConditionStatus.TRUE

    async def nobody_works() -> bool:
        work = await runs.job("work")
        return work is not None and work["spec"]["parallelism"] == 0 and not work["status"].get("active")

    await eventually("nobody works", nobody_works)
    await runs.until_told("DiscoveryComplete", "SourceBlocked")


async def test_what_the_api_server_will_not_make_is_said(runs: Runs, operator: Operator) -> None:
    workers = {"resources": {"limits": {"nvidia.com/gpu": "many"}}}
    await runs.apply(shards=1, videos=1, spec={"workers": workers})

    async def refused() -> bool:
        stalled = await runs.condition(ConditionType.STALLED)
        return stalled is not None and stalled.status is ConditionStatus.TRUE

    await eventually("it is stalled", refused)
    ready = await runs.condition(ConditionType.READY)
    assert ready is not None
    assert ready.reason == "Refused"
    assert "talks-work" in ready.message


async def test_a_job_that_is_deleted_by_hand_is_made_again_and_nothing_is_lost(runs: Runs, operator: Operator) -> None:
    await runs.apply(shards=4, videos=20, seconds=0.4, gib=80)
    await runs.until("some videos are done", lambda status: status.videos.succeeded >= 2)
    work = await runs.job("work")
    assert work is not None
    await runs.kube.delete(JOBS, runs.namespace, "talks-work", work["metadata"]["uid"])
    status = await runs.until_ended()
    assert holds(status.conditions, ConditionType.COMPLETE)
    assert set(runs.ingested()) == set(all_of(4, 20))


async def test_a_run_under_the_name_of_one_that_was_just_deleted_goes_to_its_end(
    runs: Runs, operator: Operator
) -> None:
    await runs.apply(shards=4, videos=100, seconds=0.5, gib=80)
    await runs.until("the work goes on", lambda status: status.videos.succeeded)
    await runs.delete()
    elsewhere = {"output": {"persistentVolumeClaim": {"claimName": "results", "path": "again"}}}
    await runs.apply(shards=2, videos=2, spec=elsewhere)
    status = await runs.until_ended()
    assert (status.progress, holds(status.conditions, ConditionType.COMPLETE)) == ("4/4", True)
