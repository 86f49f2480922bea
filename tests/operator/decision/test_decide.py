from ingestion_contract.status import MemoryStatus
from ingestion_operator.decision.decide import decide
from tests.operator.kit import FLOOR, GIB, NOW, ago, ended_pod, make_sample, make_snapshot, make_status, waiting


def test_the_incident_four_to_two() -> None:
    decision = decide(make_snapshot([make_sample(), make_sample(), waiting(), waiting()]), NOW)
    assert decision.parallelism == 2
    assert decision.change is not None
    assert decision.change.reason == "MemoryPressure"
    assert decision.ceiling is not None
    assert decision.pressure is not None
    assert decision.stalled is None


def test_after_the_incident_the_two_share_the_target() -> None:
    status = make_status(2, ceiling=2, ceiling_expires_at=ago(-500), changed_at=ago(20))
    decision = decide(make_snapshot([make_sample()] * 2, status=status), NOW)
    assert decision.change is None
    assert decision.limits.budget_bytes == 24 * GIB * 80 // 100 // 2


def test_a_device_that_holds_all_is_left_alone() -> None:
    decision = decide(make_snapshot([make_sample(gib=48)] * 4), NOW)
    assert decision.change is None


def test_frozen_levers_do_not_move_but_are_told_of() -> None:
    decision = decide(make_snapshot([make_sample(), make_sample(), waiting(), waiting()]), NOW, frozen=True)
    assert (decision.parallelism, decision.change, decision.limits.revision) == (4, None, 0)
    assert decision.pressure is not None


def test_an_oom_that_the_worker_has_healed_moves_no_pod() -> None:
    healed = make_sample(gib=48, oom_events=7)
    assert decide(make_snapshot([healed] * 4), NOW).change is None


def test_a_blocked_source_comes_before_everything_else() -> None:
    snapshot = make_snapshot([make_sample(), waiting(), waiting()], status=make_status(4), others=[ended_pod(3, 75)])
    assert decide(snapshot, NOW).parallelism == 0


def test_one_worker_waiting_for_ever_is_told_with_what_would_help() -> None:
    decision = decide(make_snapshot([waiting(gib=8)], memory=MemoryStatus(floor_bytes=FLOOR)), NOW)
    assert decision.change is None
    assert decision.stalled is not None
