from ingestion_operator.decision.policies.over_target import over_target
from tests.operator.kit import FLOOR, make_sample, situation


def test_four_floors_that_exceed_the_target_become_three_without_an_oom() -> None:
    verdict = over_target(situation([make_sample(gib=40)] * 4))
    assert verdict is not None
    assert verdict.value == 3
    assert verdict.ceiling
    assert verdict.message.startswith("the 4 workers on GPU-1a2b need 34.4 GiB at their floors; floor 8.6 GiB each")


def test_four_floors_within_the_target_are_left_alone() -> None:
    assert over_target(situation([make_sample(gib=48)] * 4)) is None


def test_nothing_happens_before_all_on_the_device_have_measured() -> None:
    assert over_target(situation([make_sample(gib=40)] * 3 + [make_sample(gib=40, floor=None)])) is None


def test_what_a_batch_has_grown_into_is_not_a_floor() -> None:
    samples = [make_sample(gib=48, own=11 * 2**30, device_used=47 * 2**30)] * 4
    assert over_target(situation(samples)) is None


def test_one_worker_alone_may_exceed_the_target() -> None:
    assert over_target(situation([make_sample(gib=10, floor=FLOOR)])) is None
