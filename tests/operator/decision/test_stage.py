from dataclasses import replace

import pytest

from ingestion_contract.pod import Step
from ingestion_contract.status import IngestionRunStatus
from ingestion_contract.summary import DiscoverSummary, ErrorSummary, FinishSummary
from ingestion_operator.decision.stage import Failure, Lost, current_step, discovery, final_count
from ingestion_operator.observe.jobs import Job
from ingestion_operator.observe.pods import Pod
from tests.operator.kit import ended_pod, make_job, make_snapshot, make_status

FOUND = DiscoverSummary(count=200, shards=8, digest="0" * 64)
NEW = IngestionRunStatus()


def discover(job: Job, *pods: Pod) -> DiscoverSummary | Failure | Lost | None:
    return discovery(make_snapshot(status=NEW, jobs=[job], others=pods))


DONE = make_job(Step.DISCOVER, complete=True)


def test_a_run_discovers_works_and_finishes() -> None:
    assert current_step(make_snapshot(status=NEW, jobs=[])) is Step.DISCOVER
    assert current_step(make_snapshot(jobs=[])) is Step.WORK
    assert current_step(make_snapshot(jobs=[make_job()])) is Step.WORK
    assert current_step(make_snapshot(jobs=[make_job(complete=True)])) is Step.FINISH


def test_a_failed_work_job_is_counted_too() -> None:
    assert current_step(make_snapshot(jobs=[make_job(failed=True)])) is Step.FINISH


def test_discovery_ends_with_its_summary() -> None:
    assert discover(DONE, ended_pod(0, 0, FOUND, step=Step.DISCOVER)) == FOUND


@pytest.mark.parametrize(
    "count",
    [
        FinishSummary(total=0, succeeded=0, failed=0, skipped=0),
        FinishSummary(total=199, succeeded=199, failed=0, skipped=0),
        FinishSummary(total=200, succeeded=100, failed=0, skipped=0),
    ],
)
def test_a_count_that_is_not_of_the_list_is_no_result(count: FinishSummary) -> None:
    jobs = [make_job(complete=True), make_job(Step.FINISH, complete=True)]
    result = final_count(make_snapshot(jobs=jobs, others=[ended_pod(0, 0, count, step=Step.FINISH)]))
    assert isinstance(result, Failure)
    assert result.reason == "CountsDiffer"
    assert "200 were listed" in result.message


def test_discovery_goes_on_until_its_job_is_over() -> None:
    assert discover(make_job(Step.DISCOVER), ended_pod(0, 0, FOUND, step=Step.DISCOVER)) is None


def test_a_failed_discovery_speaks_in_the_words_of_its_last_attempt() -> None:
    first = ErrorSummary(reason="Timeout", detail="the source did not answer")
    last = ErrorSummary(reason="SourceGone", detail="the playlist does not exist")
    failure = discover(
        make_job(Step.DISCOVER, failed=True),
        ended_pod(0, 1, first, step=Step.DISCOVER, seconds_ago=50),
        ended_pod(1, 1, last, step=Step.DISCOVER, seconds_ago=5),
    )
    assert failure == Failure("SourceGone", "the playlist does not exist")


def test_a_container_that_ended_without_a_word_is_told_by_its_exit_code_and_last_line() -> None:
    killed = ended_pod(0, 137, step=Step.DISCOVER)
    assert killed.exit is not None
    ended = replace(killed.exit, reason="OOMKilled", message="INFO listing\nINFO page 7\n")
    failure = discover(make_job(Step.DISCOVER, failed=True), replace(killed, exit=ended))
    assert failure == Failure("StepFailed", "the container ended with exit code 137 (OOMKilled): INFO page 7")


@pytest.mark.parametrize("step", [Step.DISCOVER, Step.FINISH])
def test_a_failed_step_of_which_no_pod_is_left_has_the_words_of_its_job(step: Step) -> None:
    job = make_job(step, failed=True, failure="BackoffLimitExceeded: Job has reached the specified backoff limit")
    jobs = [job] if step is Step.DISCOVER else [make_job(complete=True), job]
    snapshot = make_snapshot(status=NEW if step is Step.DISCOVER else None, jobs=jobs)
    failure = discovery(snapshot) if step is Step.DISCOVER else final_count(snapshot)
    assert failure == Failure(f"{step.value.title()}Failed", job.failure)


def test_an_empty_list_is_a_failure() -> None:
    empty = DiscoverSummary(count=0, shards=0, digest="0" * 64)
    failure = discover(DONE, ended_pod(0, 0, empty, step=Step.DISCOVER))
    assert isinstance(failure, Failure)
    assert failure.reason == "NoVideos"


def test_a_pod_that_went_before_it_was_read_is_lost_not_failed() -> None:
    assert discover(DONE) is Lost.LOST


def test_a_pod_without_a_summary_is_a_failure() -> None:
    failure = discover(DONE, ended_pod(0, 0, step=Step.DISCOVER))
    assert isinstance(failure, Failure)
    assert failure.reason == "NoSummary"


def test_pods_of_an_earlier_job_are_not_listened_to() -> None:
    assert discover(DONE, ended_pod(0, 0, FOUND, step=Step.DISCOVER, job_uid="another")) is Lost.LOST


def test_the_last_step_ends_with_its_count() -> None:
    count = FinishSummary(total=200, succeeded=199, failed=1, skipped=0)
    jobs = [make_job(complete=True), make_job(Step.FINISH, complete=True)]
    snapshot = make_snapshot(status=make_status(), jobs=jobs, others=[ended_pod(0, 0, count, step=Step.FINISH)])
    assert final_count(snapshot) == count
