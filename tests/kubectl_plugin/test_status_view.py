"""How a run and a table of runs read."""

import pytest

from ingestion_contract.status import ConditionType
from kubectl_ingest.observed_run import observe
from kubectl_ingest.report import report
from kubectl_ingest.status_view import run_view, runs_view
from tests.kubectl_plugin.kit import GIB, NOW, RUNNING, ago, condition, ended, make_run, running, shown, summary


def page(run: dict[str, object], width: int = 160) -> str:
    return shown(run_view(report(observe(run), NOW), NOW), width)


def test_a_running_run_tells_all_that_moves() -> None:
    seen = page(running())

    for sentence in (
        "media/talks  Running",
        "Ingesting: 50/200 videos, 2 workers wanted",
        "25 %  50 of 200 videos",
        "47 succeeded, 2 failed, 1 skipped (Network 2, Gone 1)",
        "for 10 min; about 30 min left at the average rate so far; 300 videos an hour; 39.2 audio-hours an hour",
        "2 wanted, between 1 and 8: MemoryExhausted",
        "no more than 2 for another 4 min, since memory ran out above that",
        "78 % of 24.0 GiB used on the fullest device; target 80 %",
        "floor 8.6 GiB a worker, budget 9.6 GiB a worker: 2 floors fit under the target",
        "out of memory 4 times, last 7 min ago",
        "no worker is short of device memory, for 5 min",
        "the workers' metrics are read, for 5 min",
        "7 min ago: parallelism 4 -> 2  MemoryExhausted: 2 of 4 workers on GPU-1a2b wait for memory",
    ):
        assert sentence in seen


def test_a_run_that_nobody_has_taken_up_says_so() -> None:
    seen = page(make_run())

    assert "no operator has taken it up yet" in seen
    assert "the videos are not listed yet" in seen


def test_a_stalled_run_tells_its_reason_and_message() -> None:
    conditions = summary("False", "False", "True", "OOMAtMinimum", "1 worker needs 30.0 GiB of 24.0 GiB")

    assert "OOMAtMinimum: 1 worker needs 30.0 GiB of 24.0 GiB" in page(running(conditions=conditions))


def test_what_only_matters_while_it_runs_is_not_told_of_an_ended_run() -> None:
    run = ended(workers={"parallelism": 2}, memory={"usedPercent": 90})
    run["status"]["conditions"] += [
        condition("TelemetryAvailable", "True", "WorkersAnswer"),
        condition("ObjectivesMet", "True", "Ingested"),
    ]
    seen = page(run)

    assert "took 59 min" in seen
    assert "2 at the end, between 1 and 8" in seen
    assert "90 % used on the fullest device when last seen" in seen
    assert "metrics" not in seen
    assert "the objectives are met" in seen


def test_a_ceiling_that_has_expired_is_not_told() -> None:
    workers = {"parallelism": 2, "ceiling": 2, "ceilingExpiresAt": ago(1)}

    assert "no more than" not in page(running(workers=workers))


def test_the_last_adaptations_come_first_and_the_rest_is_counted() -> None:
    adaptations = [
        {"time": ago(600 - 60 * n), "lever": "parallelism", "from": n, "to": n + 1, "reason": "Fits", "message": "m"}
        for n in range(7)
    ]
    seen = page(running(adaptations=adaptations))

    assert seen.index("6 -> 7") < seen.index("2 -> 3")
    assert "1 -> 2" not in seen
    assert "and 2 before" in seen


def test_text_from_the_cluster_gives_a_terminal_no_commands() -> None:
    conditions = summary("False", "True", "False", "Ingesting", "a\x1b[31mred\ntitle [bold]as it is[/bold]")
    seen = page(running(conditions=conditions))

    assert "\x1b" not in seen
    assert "a [31mred title [bold]as it is[/bold]" in seen


@pytest.mark.parametrize("width", [60, 80])
def test_a_narrow_terminal_wraps_and_loses_nothing(width: int) -> None:
    words = " ".join(page(running(), width).split())

    assert "parallelism 4 -> 2 MemoryExhausted: 2 of 4 workers on GPU-1a2b wait for memory" in words


@pytest.mark.parametrize("kind", [kind for kind in ConditionType if kind.value not in ("Complete", "Failed")])
@pytest.mark.parametrize("truth", ["True", "False", "Unknown"])
def test_every_condition_can_be_shown(kind: ConditionType, truth: str) -> None:
    others = [other for other in RUNNING if other["type"] != kind]

    assert "media/talks" in page(running(conditions=[*others, condition(kind, truth, "Some")]))


def test_the_table_has_a_line_for_each_run_that_no_pipe_cuts() -> None:
    reports = [report(observe(run), NOW) for run in (running(), ended(), make_run("new"))]
    header, first, second, third = shown(runs_view(reports, with_namespace=True), 400).splitlines()

    assert header.split()[:4] == ["NAMESPACE", "NAME", "STATE", "PROGRESS"]
    assert " ".join(first.split()) == "media talks Running 50/200 - 2 78 % 4 10 min 30 min Ingesting"
    assert second.split()[:4] == ["media", "talks", "Succeeded", "200/200"]
    assert third.split()[:4] == ["media", "new", "New", "-"]


def test_an_unmeasured_device_is_said_to_be_unmeasured() -> None:
    seen = page(running(memory={"oomTotal": 1, "budgetBytes": GIB}))

    assert "no device measured yet; target 80 %" in seen
    assert "floor not measured yet, budget 1.0 GiB a worker" in seen
    assert "out of memory 1 time" in seen


def test_devices_on_which_workers_have_another_budget_are_told_the_smallest_first() -> None:
    budgets = {f"GPU-{number}a2b3c4d5e": (number + 3) * GIB for number in range(6)}
    seen = page(running(memory={"budgetBytes": 9 * GIB, "deviceBudgets": budgets}))
    assert "budget 9.0 GiB a worker" in seen
    assert "other budgets: 3.0 GiB on GPU-0a2b3c4d, 4.0 GiB on GPU-1a2b3c4d, 5.0 GiB on GPU-2a2b3c4d, " in seen
    assert "6.0 GiB on GPU-3a2b3c4d, and others on 2 more devices" in seen
