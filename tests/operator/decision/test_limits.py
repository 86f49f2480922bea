import pytest

from ingestion_contract.status import MemoryStatus
from ingestion_operator.decision.limits import decide_limits
from tests.operator.kit import FLOOR, GIB, GPU, ago, make_pod, make_run, make_sample, make_status, situation, waiting

MEASURED = MemoryStatus(floor_bytes=FLOOR, budget_bytes=24 * GIB * 80 // 100 // 2)


def test_each_worker_gets_an_equal_share_of_the_target() -> None:
    limits = decide_limits(situation([make_sample()] * 2), 2, 100)
    assert limits.budget_bytes == 24 * GIB * 80 // 100 // 2
    assert limits.floor_bytes == FLOOR
    assert limits.revision == 1


def test_the_same_limits_are_no_new_revision() -> None:
    current = situation([make_sample()] * 2, memory=MEASURED)
    assert decide_limits(current, 2, 100).revision == 0


def test_while_budgets_are_eased_each_gets_less_of_its_part_but_never_less_than_its_floor() -> None:
    eased = decide_limits(situation([make_sample(gib=48)] * 2), 2, 90)
    assert eased.budget_bytes == 48 * GIB * 80 // 100 * 90 // 100 // 2
    assert decide_limits(situation([make_sample()] * 2), 2, 10).budget_bytes == FLOOR


def test_a_floor_that_is_measured_a_little_differently_is_the_same_floor() -> None:
    samples = [make_sample(floor=int(FLOOR * 1.03))] * 2
    assert decide_limits(situation(samples, memory=MEASURED), 2, 100).floor_bytes == FLOOR


def test_what_others_hold_is_not_shared_out() -> None:
    limits = decide_limits(situation([make_sample()], neighbours={GPU: 6 * GIB}), 1, 100)
    assert limits.budget_bytes == 24 * GIB * 80 // 100 - 6 * GIB


def test_a_last_worker_gets_its_floor_even_where_others_leave_it_less_than_the_target() -> None:
    assert decide_limits(situation([make_sample()], neighbours={GPU: 14 * GIB}), 1, 100).budget_bytes == FLOOR


def test_others_that_hold_now_a_little_more_and_now_a_little_less_change_no_share() -> None:
    restless = situation([make_sample()] * 2, memory=MEASURED, neighbours={GPU: GIB // 4})
    assert decide_limits(restless, 2, 100).revision == 0


def test_a_device_that_claims_to_be_tiny_gets_the_smallest_budget_there_is() -> None:
    assert decide_limits(situation([make_sample(device_total=1, floor=1)]), 1, 100).budget_bytes == 1


def test_no_budget_before_a_floor_is_measured() -> None:
    assert decide_limits(situation([make_sample(floor=None)] * 2), 2, 100).budget_bytes is None


def test_no_budget_while_more_are_wanted_than_fit_because_it_would_be_below_the_floor() -> None:
    assert decide_limits(situation([make_sample(), make_sample(), waiting(), waiting()]), 4, 100).budget_bytes is None


def test_at_the_minimum_the_budget_is_for_as_many_as_fit() -> None:
    run = make_run({"min": 2})
    limits = decide_limits(situation([make_sample(gib=16), waiting(gib=16)], run=run), 2, 100)
    assert limits.budget_bytes == 16 * GIB * 80 // 100


def test_larger_shares_wait_for_those_who_are_on_their_way_out() -> None:
    leaving = make_pod(9, deleting=True)
    limits = decide_limits(situation([make_sample()] * 2, others=[leaving]), 2, 100)
    assert limits.budget_bytes is None


def test_no_second_change_before_the_first_has_been_reported() -> None:
    behind = [make_sample(limits_revision=1), make_sample(limits_revision=0)]
    status = make_status(2, limits_revision=1, limits_changed_at=ago(10))
    assert decide_limits(situation(behind, status=status), 2, 100).revision == 1
    reported = [make_sample(limits_revision=1)] * 2
    assert decide_limits(situation(reported, status=status), 2, 100).revision == 2
    long_ago = make_status(2, limits_revision=1, limits_changed_at=ago(121))
    assert decide_limits(situation(behind, status=long_ago), 2, 100).revision == 2


def test_a_worker_with_a_device_of_its_own_gets_all_of_the_target() -> None:
    samples = [make_sample(gpu="GPU-a"), make_sample(gpu="GPU-b")]
    assert decide_limits(situation(samples), 2, 100).budget_bytes == 24 * GIB * 80 // 100


@pytest.mark.parametrize(("parallelism", "share"), [(4, 75), (2, 150), (1, 300)])
def test_the_egress_budget_is_shared_out(parallelism: int, share: int) -> None:
    run = make_run(spec={"source": {"urls": ["https://videos.example/list"], "videosPerHour": 300}})
    assert decide_limits(situation([make_sample()] * 4, run=run), parallelism, 100).videos_per_hour == share


def test_while_one_is_between_two_shards_those_that_are_heard_keep_what_they_were_given() -> None:
    """It may come back on a device of its own; that there is one is not known while only the other is heard."""
    whole = MemoryStatus(floor_bytes=FLOOR, budget_bytes=24 * GIB * 80 // 100)
    starting = make_pod(1, running=False, ready=False, started_at=None, ready_since=None)
    between = situation([make_sample()], others=[starting], memory=whole, status=make_status(2))
    assert decide_limits(between, 2, 100).revision == 0
    both = situation([make_sample()] * 2, memory=whole, status=make_status(2))
    assert decide_limits(both, 2, 100).budget_bytes == 24 * GIB * 80 // 100 // 2
