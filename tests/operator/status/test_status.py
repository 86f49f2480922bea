from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.metrics import Result
from ingestion_contract.pod import Step
from ingestion_contract.status import (
    ActiveTime,
    Condition,
    ConditionStatus,
    ConditionType,
    IngestionRunStatus,
    MemoryStatus,
    SourceStatus,
    Videos,
)
from ingestion_contract.summary import DiscoverSummary, ErrorSummary, FinishSummary, ShardSummary
from ingestion_operator.decision.decide import decide
from ingestion_operator.decision.decision import Finding
from ingestion_operator.decision.snapshot import Snapshot
from ingestion_operator.observe.pods import Pod
from ingestion_operator.observe.tally import Tally
from ingestion_operator.status.conditions import Conditions, find_condition, holds
from ingestion_operator.status.counts import live_videos
from ingestion_operator.status.memory import count_oom_events
from ingestion_operator.status.notices import NoticeType, notices
from ingestion_operator.status.report import acknowledge, invalid_spec, next_status
from ingestion_operator.status.verdict import judge
from tests.operator.kit import (
    GIB,
    NOW,
    ago,
    ended_pod,
    make_job,
    make_pod,
    make_run,
    make_sample,
    make_snapshot,
    make_status,
    waiting,
)

NEW = IngestionRunStatus()
FOUND = DiscoverSummary(count=200, shards=8, digest="0" * 64)
WORK_DONE = make_job(complete=True)
ONE = make_run({"initial": 1, "min": 1, "max": 1})
SUSPENDED_JOB = make_job(suspended=True)


def report(snapshot: Snapshot, problem: Finding | None = None) -> IngestionRunStatus:
    running = snapshot.jobs.get(Step.WORK) == make_job()
    return next_status(snapshot, decide(snapshot, NOW) if running else None, problem, NOW)


def finished(count: FinishSummary, **run: Any) -> IngestionRunStatus:
    jobs = [WORK_DONE, make_job(Step.FINISH, complete=True)]
    pods = [ended_pod(0, 0, count, step=Step.FINISH)]
    return report(make_snapshot(run=make_run(**run), status=make_status(listed=count.total), jobs=jobs, others=pods))


def kstatus(status: IngestionRunStatus) -> str:
    """What `kstatus` makes of a status (its rules in order; the generation is 1)."""
    if status.observed_generation != 1:
        return "InProgress"
    if holds(status.conditions, ConditionType.RECONCILING):
        return "InProgress"
    if holds(status.conditions, ConditionType.STALLED):
        return "Failed"
    return "Current" if holds(status.conditions, ConditionType.READY) else "InProgress"


def telemetry(status: IngestionRunStatus) -> tuple[str, str]:
    condition = find_condition(status.conditions, ConditionType.TELEMETRY_AVAILABLE)
    assert condition is not None
    return condition.status.value, condition.reason


def ready(status: IngestionRunStatus) -> tuple[str, str]:
    condition = find_condition(status.conditions, ConditionType.READY)
    assert condition is not None
    return condition.reason, condition.message


class TestKstatus:
    def test_it_is_complete_from_the_first_write(self) -> None:
        status = report(make_snapshot(status=NEW, jobs=[]))
        assert status.observed_generation == 1
        assert {condition.type for condition in status.conditions} == {
            ConditionType.READY,
            ConditionType.RECONCILING,
            ConditionType.STALLED,
        }
        assert (kstatus(status), ready(status)[0]) == ("InProgress", "Discovering")

    def test_a_run_that_works_is_in_progress(self) -> None:
        status = report(make_snapshot([make_sample(gib=48)] * 4))
        assert (kstatus(status), ready(status)) == ("InProgress", ("Ingesting", "0/200 videos, 4 workers wanted"))

    def test_a_run_that_reached_its_objective_is_current(self) -> None:
        status = finished(FinishSummary(total=200, succeeded=198, failed=0, skipped=2, reasons={"Gone": 2}))
        assert kstatus(status) == "Current"
        assert holds(status.conditions, ConditionType.COMPLETE)
        assert status.completion_time == NOW
        assert (status.progress, status.videos.success_percent) == ("200/200", 100)
        assert ready(status)[1] == "198 of 198 videos that exist and may be read were ingested; 2 skipped (Gone 2)"

    def test_a_run_that_did_not_has_failed(self) -> None:
        status = finished(FinishSummary(total=10, succeeded=8, failed=2, skipped=0, reasons={"Timeout": 2}))
        assert kstatus(status) == "Failed"
        assert holds(status.conditions, ConditionType.FAILED)
        assert ready(status)[0] == "TooFewSucceeded"
        assert "minSuccessPercent asks for 90 %" in ready(status)[1]

    def test_a_stalled_run_counts_as_failed_until_something_changes(self) -> None:
        status = report(make_snapshot([waiting(gib=8, floor=9 * GIB)]))
        assert (kstatus(status), ready(status)[0], status.completion_time) == ("Failed", "OOMAtMinimum", None)

    def test_an_obstacle_stalls(self) -> None:
        status = report(make_snapshot(status=NEW, jobs=[]), Finding("NameTaken", "Job talks-discover ..."))
        assert (kstatus(status), ready(status)[0]) == ("Failed", "NameTaken")

    def test_an_obstacle_does_not_hide_that_workers_are_stopped_until_the_spec_is_changed(self) -> None:
        """The condition is what the next decision knows it by: else it would start them again."""
        stopped = report(make_snapshot(status=make_status(1), others=[ended_pod(n, 85) for n in range(5)], run=ONE))
        assert (ready(stopped)[0], stopped.workers and stopped.workers.parallelism) == ("OOMAtMinimum", 0)
        for _ in range(2):
            stopped = report(make_snapshot(status=stopped, run=ONE), Finding("Refused", "the API server refuses ..."))
        assert (ready(stopped)[0], stopped.workers and stopped.workers.parallelism) == ("OOMAtMinimum", 0)

    def test_an_invalid_spec_stalls(self) -> None:
        status = invalid_spec(NEW, 1, "spec.workers: min is above initial", NOW)
        assert (kstatus(status), ready(status)[0]) == ("Failed", "InvalidSpec")

    def test_a_suspended_run_rests(self) -> None:
        status = next_status(make_snapshot(run=make_run(spec={"suspend": True})), None, None, NOW)
        assert (kstatus(status), ready(status)[0]) == ("InProgress", "Suspended")

    def test_a_change_to_a_finished_run_is_acknowledged_and_changes_nothing_else(self) -> None:
        status = finished(FinishSummary(total=1, succeeded=1, failed=0, skipped=0))
        later = acknowledge(status, 2, NOW)
        assert later.observed_generation == 2
        assert holds(later.conditions, ConditionType.COMPLETE)
        assert later.completion_time == status.completion_time


class TestSteps:
    def test_discovery_brings_the_list_and_the_first_workers(self) -> None:
        job = make_job(Step.DISCOVER, complete=True)
        pod = ended_pod(0, 0, FOUND, step=Step.DISCOVER)
        status = report(make_snapshot(status=NEW, jobs=[job], others=[pod]))
        assert status.video_list is not None
        assert (status.video_list.shards, status.progress) == (8, "0/200")
        assert status.workers is not None
        assert (status.workers.parallelism, status.workers.changed_at) == (4, NOW)

    def test_a_run_begins_with_no_more_workers_than_videos_per_hour(self) -> None:
        source = {"urls": ["https://videos.example/list"], "videosPerHour": 2}
        pods = [ended_pod(0, 0, FOUND, step=Step.DISCOVER)]
        jobs = [make_job(Step.DISCOVER, complete=True)]
        status = report(make_snapshot(run=make_run(spec={"source": source}), status=NEW, jobs=jobs, others=pods))
        assert status.workers is not None
        assert (status.workers.parallelism, status.workers.videos_per_hour) == (2, 1)

    def test_a_failed_discovery_ends_the_run_with_its_sentence(self) -> None:
        error = ErrorSummary(reason="SourceGone", detail="the playlist does not exist")
        job = make_job(Step.DISCOVER, failed=True)
        status = report(make_snapshot(status=NEW, jobs=[job], others=[ended_pod(0, 64, error, step=Step.DISCOVER)]))
        assert ready(status) == ("SourceGone", "the playlist does not exist")
        assert holds(status.conditions, ConditionType.FAILED)

    def test_why_the_last_attempt_failed_is_said_while_the_next_is_waited_for(self) -> None:
        error = ErrorSummary(reason="SourceUnavailable", detail="https://x does not answer: HTTP Error 503")
        failed = ended_pod(0, 1, error, step=Step.DISCOVER)
        status = report(make_snapshot(status=NEW, jobs=[make_job(Step.DISCOVER)], others=[failed]))
        told = "the source is being listed; the last attempt failed: https://x does not answer: HTTP Error 503"
        assert ready(status) == ("Discovering", told)

    def test_a_run_whose_output_is_counted_says_so(self) -> None:
        jobs = [WORK_DONE, make_job(Step.FINISH, created_at=ago(5))]
        counting = report(make_snapshot(status=make_status(), jobs=jobs))
        assert (kstatus(counting), ready(counting)) == ("InProgress", ("Finishing", "the output is being counted"))

    def test_what_keeps_a_pod_from_starting_is_said(self) -> None:
        stuck = make_pod(0, step=Step.DISCOVER, running=False, trouble="ImagePullBackOff: no such image")
        status = report(make_snapshot(status=NEW, jobs=[make_job(Step.DISCOVER)], others=[stuck]))
        assert "1 pod cannot start, talks-discover-0: ImagePullBackOff: no such image" in ready(status)[1]

    def test_a_pod_that_does_not_start_and_does_not_say_why_is_pointed_to(self) -> None:
        for seconds, told in ((60, False), (180, True)):
            slow = make_pod(0, running=False, started_at=None, created_at=ago(seconds))
            message = ready(report(make_snapshot(others=[slow], status=make_status())))[1]
            assert ("1 pod not started for 2 minutes, see kubectl describe pod talks-work-0" in message) is told

    def test_a_job_of_which_no_pod_is_let_in_is_pointed_to_after_two_minutes(self) -> None:
        """As where a priority class does not exist, or a quota is used up: only the Job's events tell."""
        for job, told in ((make_job(created_at=ago(119)), False), (make_job(created_at=ago(120)), True)):
            message = ready(report(make_snapshot(jobs=[job], status=make_status())))[1]
            assert ("no pod could be made for 2 minutes, see kubectl describe job talks-work" in message) is told

    @pytest.mark.parametrize("fields", [{"suspended": True}, {"parallelism": 0}, {"succeeded": 1}, {"complete": True}])
    def test_a_job_that_wants_no_pod_or_had_some_is_not(self, fields: dict[str, Any]) -> None:
        message = ready(report(make_snapshot(jobs=[make_job(**fields)], status=make_status())))[1]
        assert "describe job" not in message

    def test_a_pod_that_does_not_end_on_a_dead_node_is_named_with_its_node_and_the_mend(self) -> None:
        endless = make_pod(3, deleting=True, node="gpu-7", must_end_by=ago(61))
        reason, message = ready(report(make_snapshot(others=[endless], status=make_status())))
        assert reason == "ShardStuckTerminating"
        assert "1 pod should have ended and did not, talks-work-3 on node gpu-7 by 11:58:59 UTC" in message
        assert "kubectl delete node gpu-7" in message
        assert "kubectl delete pod --force talks-work-3" in message

    @pytest.mark.parametrize(
        "pod",
        [
            make_pod(3, deleting=True, node="gpu-7", must_end_by=ago(59)),
            make_pod(3, deleting=True, node="gpu-7", must_end_by=ago(-30)),
            make_pod(3, deleting=True, node="gpu-7", must_end_by=ago(600), ended=True),
            make_pod(3, deleting=True, node="gpu-7", must_end_by=ago(600), gone=True),
            make_pod(3, node="gpu-7"),
        ],
        ids=["just over its time", "in its time", "ended", "gone", "not asked to go"],
    )
    def test_a_pod_that_ends_in_time_is_not_called_stuck(self, pod: Pod) -> None:
        assert ready(report(make_snapshot(others=[pod], status=make_status())))[0] == "Ingesting"

    def test_a_pod_of_a_single_step_that_does_not_end_is_told_of_in_the_message(self) -> None:
        endless = make_pod(0, step=Step.DISCOVER, deleting=True, node="cpu-1", must_end_by=ago(90))
        reason, message = ready(report(make_snapshot(status=NEW, jobs=[make_job(Step.DISCOVER)], others=[endless])))
        assert reason == "Discovering"
        assert "kubectl delete node cpu-1" in message

    def test_the_verdict_of_a_failed_work_job_comes_from_the_videos(self) -> None:
        jobs = [make_job(failed=True), make_job(Step.FINISH, complete=True)]
        count = FinishSummary(total=200, succeeded=190, failed=10, skipped=0)
        snapshot = make_snapshot(status=make_status(), jobs=jobs, others=[ended_pod(0, 0, count, step=Step.FINISH)])
        assert holds(report(snapshot).conditions, ConditionType.COMPLETE)

    def test_a_run_that_failed_with_its_workers_ends_with_the_words_of_the_last_one(self) -> None:
        jobs = [make_job(failed=True), make_job(Step.FINISH, complete=True)]
        count = FinishSummary(total=200, succeeded=0, failed=200, skipped=0, reasons={"NotProcessed": 200})
        error = ErrorSummary(reason="ModelNotFound", detail="spec.embedding.model names /nowhere, which is no folder")
        pods = [ended_pod(0, 0, count, step=Step.FINISH), ended_pod(0, 64, error, seconds_ago=9), ended_pod(1, 143)]
        reason, message = ready(report(make_snapshot(status=make_status(), jobs=jobs, others=pods)))
        assert reason == "TooFewSucceeded"
        assert message.startswith(
            "0 of 200 videos that exist and may be read were ingested; 200 failed (NotProcessed 200)"
        )
        assert message.endswith(
            "; the last worker that failed: ModelNotFound: spec.embedding.model names /nowhere, which is no folder"
        )


class TestLevers:
    def test_a_run_that_its_deadline_has_stopped_is_judged_by_what_is_finished(self) -> None:
        job = make_job(failed=True, failure="DeadlineExceeded: Job was active longer than specified deadline")
        jobs = [job, make_job(Step.FINISH, complete=True)]
        status = make_status().model_copy(update={"active": ActiveTime(seconds=3600)})
        for done, reason in ((150, "DeadlineExceeded"), (190, "Ingested")):
            undone = {"failed": 200 - done, "reasons": {"NotProcessed": 200 - done}}
            count = FinishSummary(total=200, succeeded=done, skipped=0, **undone)
            pods = [ended_pod(0, 0, count, step=Step.FINISH), ended_pod(1, 143)]
            ended = report(make_snapshot(status=status, jobs=jobs, others=pods))
            assert ready(ended)[0] == reason
            assert "; stopped after 3600 active seconds by spec.activeDeadlineSeconds" in ready(ended)[1]
            assert "143" not in ready(ended)[1]

    def test_a_discovery_that_its_deadline_has_stopped_says_so(self) -> None:
        job = make_job(Step.DISCOVER, failed=True, failure="DeadlineExceeded: Job was active longer than ...")
        ended = report(make_snapshot(status=NEW, jobs=[job], others=[ended_pod(0, 143, step=Step.DISCOVER)]))
        assert ready(ended) == ("DeadlineExceeded", "the discover step was not done within spec.activeDeadlineSeconds")

    def test_only_active_time_counts_towards_the_deadline(self) -> None:
        begun = make_status().model_copy(update={"active": ActiveTime(seconds=5, since=ago(60))})
        paused = begun.model_copy(update={"source": SourceStatus(blocked_until=ago(-60), pause_seconds=60)})
        queued = make_run(spec={"queueName": "gpus"})
        assert report(make_snapshot(status=begun)).active == begun.active
        for held in (
            make_snapshot(status=begun, run=make_run(spec={"suspend": True})),
            make_snapshot(status=begun, run=queued, jobs=[make_job(suspended=True)]),
            make_snapshot(status=paused, jobs=[make_job(parallelism=0)]),
            make_snapshot(status=begun, jobs=[WORK_DONE]),
        ):
            assert report(held).active == ActiveTime(seconds=65)

    def test_a_change_is_written_with_its_reason_before_it_is_made(self) -> None:
        status = report(make_snapshot([make_sample(), make_sample(), waiting(), waiting()]))
        assert status.workers is not None
        assert (status.workers.parallelism, status.workers.ceiling, status.workers.changed_at) == (2, 2, NOW)
        [adaptation] = status.adaptations
        assert (adaptation.lever, adaptation.from_, adaptation.to, adaptation.reason) == (
            "parallelism",
            4,
            2,
            "MemoryPressure",
        )
        assert holds(status.conditions, ConditionType.MEMORY_PRESSURE)

    def test_nothing_new_is_no_new_status(self) -> None:
        snapshot = make_snapshot([make_sample()] * 2)
        once = report(snapshot)
        settled = replace(
            snapshot,
            status=once,
            samples={uid: replace(sample, limits_revision=1) for uid, sample in snapshot.samples.items()},
        )
        assert report(settled) == once

    def test_only_the_last_adaptations_are_kept(self) -> None:
        base = make_status(4)
        for minute in range(30):
            snapshot = make_snapshot([make_sample(), make_sample(), waiting(), waiting()], status=base)
            status = report(replace(snapshot, run=make_run(name=f"talks-{minute}")))
            base = make_status(4).model_copy(update={"adaptations": status.adaptations})
        assert len(base.adaptations) == 20

    def test_pressure_eases_only_after_a_quiet_time(self) -> None:
        pressed = report(make_snapshot([make_sample(), make_sample(), waiting(), waiting()]))
        status = pressed.model_copy(update={"workers": make_status(2).workers})
        restless = make_snapshot([make_sample()] * 2, status=status, quiet_since=ago(5))
        assert holds(report(restless).conditions, ConditionType.MEMORY_PRESSURE)
        quiet = make_snapshot([make_sample()] * 2, status=status, quiet_since=ago(31))
        assert not holds(report(quiet).conditions, ConditionType.MEMORY_PRESSURE)

    def test_workers_that_are_not_heard_are_told_of(self) -> None:
        status = report(make_snapshot([make_sample(), None]))
        assert telemetry(status) == ("False", "TelemetryStale")

    def test_a_suspended_run_tells_of_no_workers_that_are_not_there(self) -> None:
        working = report(make_snapshot([make_sample(), make_sample(), waiting(), waiting()]))
        assert working.memory.used_percent == 50
        rests = report(make_snapshot(status=working, run=make_run(spec={"suspend": True}), jobs=[SUSPENDED_JOB]))
        assert rests.memory.used_percent is None
        assert not holds(rests.conditions, ConditionType.MEMORY_PRESSURE)
        assert telemetry(rests) == ("Unknown", "NoWorkers")

    def test_while_the_output_is_counted_no_workers_are_told_of(self) -> None:
        working = report(make_snapshot([make_sample(), make_sample(), waiting(), waiting()]))
        counts = report(make_snapshot(status=working, jobs=[WORK_DONE]))
        assert ready(counts)[0] == "Finishing"
        assert not holds(counts.conditions, ConditionType.MEMORY_PRESSURE)
        assert telemetry(counts) == ("Unknown", "NoWorkers")

    def test_of_workers_that_went_it_is_not_said_that_they_do_not_answer(self) -> None:
        silent = report(make_snapshot([make_sample(), None]))
        pause = SourceStatus(blocked_until=ago(-60), pause_seconds=60)
        paused = make_status(0).model_copy(update={"conditions": silent.conditions})
        assert telemetry(report(make_snapshot(status=paused, source=pause))) == ("Unknown", "NoWorkers")

    def test_a_run_whose_source_blocks_says_so_and_when_it_tries_again(self) -> None:
        pause = SourceStatus(blocked_until=ago(-60), pause_seconds=60)
        none = make_job(parallelism=0)
        waits = make_snapshot(status=make_status(0), source=pause, jobs=[none])
        assert ready(next_status(waits, decide(waits, NOW), None, NOW)) == (
            "SourceBlocked",
            "0/200 videos; the source blocks this cluster's address, one worker tries again at 12:01:00 UTC",
        )
        probe = SourceStatus(changed_at=ago(10), blocked_until=ago(10), pause_seconds=60)
        pending = make_pod(0, running=False, trouble="Unschedulable: no node has room")
        assert ready(report(make_snapshot(status=make_status(1), source=probe, others=[pending]))) == (
            "SourceBlocked",
            "0/200 videos; one worker tries whether the source answers; "
            "1 pod cannot start, talks-work-0: Unschedulable: no node has room",
        )


class TestConditions:
    def test_the_transition_time_moves_only_with_the_status(self) -> None:
        before = Conditions([], 1, ago(60))
        before.set(ConditionType.READY, False, "Discovering", "a")
        after = Conditions(before.to_list(), 2, NOW)
        after.set(ConditionType.READY, False, "Ingesting", "b")
        [condition] = after.to_list()
        assert condition.last_transition_time == ago(60)
        assert (condition.reason, condition.observed_generation) == ("Ingesting", 2)
        after.set(ConditionType.READY, True, "Ingested", "c")
        assert after.to_list()[0].last_transition_time == NOW


COUNTS = st.dictionaries(
    st.tuples(st.sampled_from(Result), st.sampled_from(["", "Gone", "Timeout"])), st.integers(0, 40), max_size=6
)


class TestCounts:
    @given(st.lists(st.lists(COUNTS.map(Tally), max_size=4), min_size=1, max_size=6), st.integers(0, 100))
    def test_live_counts_never_go_down_and_never_pass_the_total(self, looks: list[list[Tally]], total: int) -> None:
        videos = Videos(total=total)
        for tallies in looks:
            later = live_videos(videos, total, tallies)
            assert later.succeeded >= videos.succeeded
            assert later.skipped >= min(videos.skipped, total - later.succeeded)
            assert later.succeeded + later.failed + later.skipped <= total
            videos = later

    def test_reasons_are_added_up(self) -> None:
        tallies = [
            Tally({(Result.SKIPPED, "Gone"): 1}),
            Tally({(Result.SKIPPED, "Gone"): 2, (Result.FAILED, "Odd"): 1}),
        ]
        assert live_videos(Videos(total=9), 9, tallies).reasons == {"Gone": 3, "Odd": 1}


class TestVerdict:
    def test_skipped_videos_do_not_count_against_a_run(self) -> None:
        assert judge(Videos(total=100, succeeded=10, skipped=90), 100).complete

    def test_it_is_not_rounded_up(self) -> None:
        assert not judge(Videos(total=1000, succeeded=899, failed=101), 90).complete
        assert judge(Videos(total=1000, succeeded=900, failed=100), 90).complete

    def test_a_run_of_which_nothing_may_be_read_says_so(self) -> None:
        verdict = judge(Videos(total=3, skipped=3), 90)
        assert (verdict.complete, verdict.reason) == (True, "AllSkipped")


class TestOomEvents:
    def test_counters_of_live_pods_add_up(self) -> None:
        pods = [make_pod(0), make_pod(1)]
        samples = {"work-pod-0": make_sample(oom_events=2), "work-pod-1": make_sample(oom_events=1)}
        memory = count_oom_events(MemoryStatus(), pods, samples, NOW)
        assert (memory.oom_total, memory.last_oom_at) == (3, NOW)
        assert count_oom_events(memory, pods, samples, NOW) == memory

    def test_the_total_survives_the_pod_and_the_operator(self) -> None:
        before = MemoryStatus(oom_total=3, oom_by_pod={"work-pod-0": 3}, last_oom_at=ago(60))
        after = count_oom_events(before, [], {}, NOW)
        assert (after.oom_total, after.oom_by_pod, after.last_oom_at) == (3, {}, ago(60))

    def test_a_pod_that_went_is_counted_once_with_its_last_words(self) -> None:
        summary = ShardSummary(shard=0, total=5, succeeded=1, failed=0, skipped=0, oom_events=4)
        gone = ended_pod(0, 143, summary, gone=True)
        before = MemoryStatus(oom_total=3, oom_by_pod={"work-pod-0": 3})
        after = count_oom_events(before, [gone], {}, NOW)
        assert after.oom_total == 4
        assert count_oom_events(after, [gone], {}, NOW).oom_total == 4, "the answer to the write may have been lost"
        assert count_oom_events(after, [], {}, NOW).oom_by_pod == {}

    def test_an_exit_for_want_of_memory_is_at_least_one(self) -> None:
        assert count_oom_events(MemoryStatus(), [ended_pod(0, 85)], {}, NOW).oom_total == 1

    def test_a_process_that_starts_again_in_its_pod_takes_nothing_away(self) -> None:
        before = MemoryStatus(oom_total=3, oom_by_pod={"work-pod-0": 3})
        after = count_oom_events(before, [make_pod(0)], {"work-pod-0": make_sample(oom_events=1)}, NOW)
        assert after.oom_total == 3


class TestNotices:
    def test_a_change_of_the_lever_is_an_event_in_one_line(self) -> None:
        before = make_snapshot([make_sample(), make_sample(), waiting(), waiting()])
        [notice] = [item for item in notices(before.status, report(before)) if item.reason == "MemoryPressure"]
        assert notice.type is NoticeType.WARNING
        assert notice.message.startswith("parallelism 4 -> 2: 2 of 4 workers on GPU-1a2b wait for memory")

    def test_what_stays_as_it_is_is_no_event(self) -> None:
        status = report(make_snapshot([make_sample()] * 4))
        assert notices(status, status) == []

    def test_the_end_is_an_event(self) -> None:
        end = finished(FinishSummary(total=1, succeeded=1, failed=0, skipped=0))
        assert [item.reason for item in notices(make_status(), end)] == ["RunComplete"]
        bad = finished(FinishSummary(total=1, succeeded=0, failed=1, skipped=0))
        assert [(item.reason, item.type) for item in notices(make_status(), bad)] == [("RunFailed", NoticeType.WARNING)]

    def test_suspending_and_going_on_are_events(self) -> None:
        working = report(make_snapshot([make_sample()] * 4))
        paused = next_status(make_snapshot(run=make_run(spec={"suspend": True}), status=working), None, None, NOW)
        assert [item.reason for item in notices(working, paused)] == ["Suspended"]
        assert [item.reason for item in notices(paused, working)] == ["Resumed"]

    @pytest.mark.parametrize("problem", [Finding("NameTaken", "Job talks-work is needed"), None])
    def test_a_suspended_run_that_stalls_or_ends_has_not_been_resumed(self, problem: Finding | None) -> None:
        suspended = make_run(spec={"suspend": True})
        paused = next_status(make_snapshot(run=suspended, status=NEW, jobs=[]), None, None, NOW)
        error = ended_pod(0, 64, ErrorSummary(reason="SourceGone", detail="it is gone"), step=Step.DISCOVER)
        discover = make_job(Step.DISCOVER, failed=problem is None)
        after = next_status(
            make_snapshot(run=suspended, status=paused, jobs=[discover], others=[error]), None, problem, NOW
        )
        assert "Resumed" not in [item.reason for item in notices(paused, after)]

    def test_workers_that_are_heard_only_now_and_then_make_no_more_than_two_events_in_ten_minutes(self) -> None:
        heard, told = report(make_snapshot([make_sample()])), set()
        for seconds in range(0, 540, 20):
            unheard = heard.model_copy(update={"conditions": [telemetry_is(ConditionStatus.FALSE, seconds)]})
            heard = heard.model_copy(update={"conditions": [telemetry_is(ConditionStatus.TRUE, seconds + 10)]})
            told |= {(item.reason, item.key) for item in notices(heard, unheard) + notices(unheard, heard)}
        assert len(told) == 2

    def test_workers_that_went_are_not_said_to_answer_again(self) -> None:
        silent, gone = (
            make_status().model_copy(update={"conditions": [telemetry_is(status, 0)]})
            for status in (ConditionStatus.FALSE, ConditionStatus.UNKNOWN)
        )
        assert notices(silent, gone) == []


def telemetry_is(status: ConditionStatus, seconds: int) -> Condition:
    """Whether workers are heard, since so many seconds from now."""
    return Condition(
        type=ConditionType.TELEMETRY_AVAILABLE, status=status, reason=status.value, last_transition_time=ago(-seconds)
    )
