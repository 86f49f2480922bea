from ingestion_contract.metrics import WorkerState
from ingestion_contract.status import Condition, ConditionStatus, ConditionType
from ingestion_operator.decision.policies.minimum import REASON, out_of_memory_at_minimum
from tests.operator.kit import FLOOR, NOW, ago, ended_pod, make_sample, make_status, situation, waiting


def test_a_worker_alone_whose_floor_is_above_the_target_stalls_the_run() -> None:
    finding = out_of_memory_at_minimum(situation([waiting(gib=8, floor=FLOOR)]))
    assert finding is not None
    assert finding.reason == "OOMAtMinimum"
    assert "one worker needs 8.6 GiB at its floor, the device has 8.0 GiB (target 80 %)" in finding.message
    assert "would help" in finding.message


def test_so_does_one_that_has_waited_alone_in_vain() -> None:
    assert out_of_memory_at_minimum(situation([None], others=[ended_pod(1, 85)], status=make_status(1))) is not None


def test_a_worker_that_measured_nothing_gets_a_minute_to_try() -> None:
    assert out_of_memory_at_minimum(situation([waiting()], status=make_status(1, changed_at=ago(30)))) is None
    assert out_of_memory_at_minimum(situation([waiting()], status=make_status(1, changed_at=ago(61)))) is not None


def test_while_the_lever_can_go_down_nothing_is_stalled() -> None:
    assert out_of_memory_at_minimum(situation([waiting(gib=8, floor=FLOOR)] * 2)) is None


def test_a_worker_that_works_is_not_stalled() -> None:
    assert out_of_memory_at_minimum(situation([make_sample(gib=8)])) is None


def stalled_at(generation: int) -> Condition:
    return Condition(
        type=ConditionType.STALLED,
        status=ConditionStatus.TRUE,
        reason=REASON,
        message="measured before",
        last_transition_time=NOW,
        observed_generation=generation,
    )


def test_it_stays_while_the_worker_tries_again_and_ends_when_the_spec_changes() -> None:
    trying = [make_sample(WorkerState.STARTING, floor=None)]
    same = make_status(1).model_copy(update={"conditions": [stalled_at(1)]})
    changed = make_status(1).model_copy(update={"conditions": [stalled_at(0)]})
    assert out_of_memory_at_minimum(situation(trying, status=same)) is not None
    assert out_of_memory_at_minimum(situation(trying, status=changed)) is None
