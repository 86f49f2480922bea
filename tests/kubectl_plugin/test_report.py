"""What is told of a run at a moment."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_ingest.memory_fit import workers_that_fit
from kubectl_ingest.observed_run import observe
from kubectl_ingest.refusal import Refusal
from kubectl_ingest.report import RunReport, RunState, report
from tests.kubectl_plugin.kit import GIB, NOW, RUNNING, ago, condition, ended, make_run, running, summary


def told(run: dict[str, Any]) -> RunReport:
    return report(observe(run), NOW)


@pytest.mark.parametrize(
    ("run", "state"),
    [
        (make_run(), RunState.NEW),
        (running(), RunState.RUNNING),
        (running(conditions=[*RUNNING, condition("SourceBlocked", "True", "SourceBlocked")]), RunState.PAUSED),
        (running(conditions=summary("False", "False", "False", "Suspended")), RunState.SUSPENDED),
        (running(conditions=summary("False", "False", "True", "OOMAtMinimum")), RunState.STALLED),
        (ended(), RunState.SUCCEEDED),
        (ended(complete=False), RunState.FAILED),
    ],
)
def test_the_conditions_make_one_state(run: dict[str, Any], state: RunState) -> None:
    assert told(run).state is state


def test_the_time_left_is_by_the_average_rate() -> None:
    assert told(running()).seconds_left == 600 * 150 // 50
    assert told(running()).videos_per_hour == 300


@pytest.mark.parametrize(
    "run",
    [
        running(videos={"total": 200}),
        running(videos={"total": 0}),
        running(startTime=ago(0)),
        running(conditions=summary("False", "False", "False", "Suspended")),
        ended(),
    ],
    ids=["nothing done", "not listed", "just begun", "suspended", "ended"],
)
def test_without_a_rate_that_goes_on_no_time_left_is_told(run: dict[str, Any]) -> None:
    assert told(run).seconds_left is None


def test_a_run_that_has_ended_took_the_time_until_its_end() -> None:
    assert told(ended()).elapsed_seconds == 3600 - 60


def test_what_fits_is_by_the_measured_floor_under_the_target() -> None:
    assert told(running()).memory.workers_that_fit == 2
    assert told(running(memory={"usedPercent": 10})).memory.workers_that_fit is None


@given(st.integers(1, 200 * GIB), st.integers(10, 95), st.integers(1, 200 * GIB))
def test_as_many_fit_as_the_target_holds_and_not_one_more(device: int, target: int, floor: int) -> None:
    fit = workers_that_fit(device, target, floor)

    assert 100 * fit * floor <= device * target < 100 * (fit + 1) * floor


def test_a_status_of_a_newer_operator_is_read_as_far_as_it_is_known() -> None:
    run = running(conditions=[*RUNNING, condition("QuotaReserved", "True", "Admitted")], quota={"admitted": True})
    run["spec"]["queueName"] = "gpus"

    assert told(run).state is RunState.RUNNING


def test_a_status_that_cannot_be_read_is_refused_with_the_field_and_the_mend() -> None:
    with pytest.raises(
        Refusal, match=r"IngestionRun talks .*videos\.total: install the plugin of the operator's release"
    ):
        observe(running(videos={"total": "many"}))
