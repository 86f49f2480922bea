from ingestion_operator.decision.policies.settling import settling
from tests.operator.kit import NOW, ago, make_pod, make_sample, make_status, situation

JUST_NOW = make_status(2, changed_at=ago(5))


def test_no_second_change_while_more_pods_stay_than_are_wanted() -> None:
    verdict = settling(situation([make_sample()] * 4, status=JUST_NOW))
    assert verdict is not None
    assert verdict.value == 2


def test_no_second_change_before_something_newer_than_the_change_is_heard() -> None:
    old = make_sample(at=ago(6))
    assert settling(situation([old, old], status=JUST_NOW)) is not None
    assert settling(situation([None, None], status=JUST_NOW)) is not None
    assert settling(situation([make_sample(at=NOW), old], status=JUST_NOW)) is not None


def test_pods_on_their_way_out_are_no_surplus() -> None:
    leaving = [make_pod(number, deleting=True) for number in (5, 6)]
    assert settling(situation([make_sample(), make_sample()], status=JUST_NOW, others=leaving)) is None


def test_after_two_minutes_it_has_had_its_time() -> None:
    status = make_status(2, changed_at=ago(121))
    assert settling(situation([make_sample()] * 4, status=status)) is None
