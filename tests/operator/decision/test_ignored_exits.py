"""Exit 85 counts against no index, so its bound is the operator's."""

import pytest

from ingestion_contract.status import MemoryStatus
from ingestion_operator.decision.decide import decide
from ingestion_operator.decision.exits import MOST_IN_ROW
from ingestion_operator.decision.policies.ignored_exits import ignored_exits
from ingestion_operator.observe.pods import Pod
from tests.operator.decision.test_minimum import stalled_at
from tests.operator.kit import FLOOR, NOW, ago, ended_pod, make_run, make_sample, make_snapshot, make_status, situation

MINIMUM = make_status(1)


def exits(count: int, seconds_ago: float = 100) -> list[Pod]:
    return [ended_pod(number, 85, seconds_ago=seconds_ago - number) for number in range(count)]


def test_after_so_many_in_a_row_at_the_minimum_no_more_are_started() -> None:
    verdict = ignored_exits(situation([None], status=MINIMUM, others=exits(MOST_IN_ROW)))
    assert verdict is not None
    assert (verdict.value, verdict.reason) == (0, "OOMAtMinimum")
    assert verdict.message.startswith("5 workers in a row ended because waiting for memory did not help (exit code 85)")


@pytest.mark.parametrize(
    ("status", "others"),
    [
        (MINIMUM, exits(MOST_IN_ROW - 1)),
        (make_status(2), exits(MOST_IN_ROW)),
        (MINIMUM, [*exits(MOST_IN_ROW), ended_pod(9, 0, seconds_ago=50)]),
        (make_status(1, changed_at=ago(10)), exits(MOST_IN_ROW)),
    ],
    ids=["too few", "above the minimum", "a shard was completed since", "before the lever was moved"],
)
def test_otherwise_they_are_started_again(status: object, others: list[Pod]) -> None:
    assert ignored_exits(situation([None], status=status, others=others)) is None


@pytest.mark.parametrize("minimum", [1, 2])
def test_stopping_stalls_the_run_and_stays_until_the_spec_is_changed(minimum: int) -> None:
    run = make_run({"min": minimum})
    before = make_snapshot(
        [None] * minimum,
        run=run,
        status=make_status(minimum),
        others=exits(MOST_IN_ROW),
        memory=MemoryStatus(floor_bytes=FLOOR),
    )
    decision = decide(before, NOW)
    assert decision.parallelism == 0
    assert decision.stalled is not None
    stopped = make_status(0, changed_at=ago(5)).model_copy(update={"conditions": [stalled_at(1)]})
    assert decide(make_snapshot([], run=run, status=stopped), NOW).parallelism == 0
    changed = stopped.model_copy(update={"conditions": [stalled_at(0)]})
    resumed = decide(make_snapshot([], run=run, status=changed), NOW)
    assert resumed.parallelism == minimum
    assert resumed.change is not None
    assert resumed.change.reason == "Resumed"


def test_a_worker_that_works_is_not_stopped_because_another_at_the_minimum_finds_no_room() -> None:
    """As where two are the minimum, and only one fits: what the one does is all that the run can get."""
    run = make_run({"min": 2})
    status = make_status(2).model_copy(update={"memory": MemoryStatus(floor_bytes=FLOOR)})
    decision = decide(make_snapshot([make_sample(gib=12)], run=run, status=status, others=exits(MOST_IN_ROW)), NOW)
    assert (decision.parallelism, decision.stalled) == (2, None)


def test_a_worker_that_comes_to_work_while_it_is_being_stopped_resumes_nothing() -> None:
    stopped = make_status(0, changed_at=ago(2)).model_copy(update={"conditions": [stalled_at(1)]})
    decision = decide(make_snapshot([make_sample()], status=stopped), NOW)
    assert decision.parallelism == 0
    assert decision.stalled is not None
