from ingestion_operator.decision.ceiling import ceiling_after
from ingestion_operator.decision.decision import Ceiling, Lever, Verdict
from tests.operator.kit import ago, make_sample, make_status, situation

DOWN = Verdict(Lever.PARALLELISM, 2, "MemoryPressure", "", ceiling=True)


def test_a_way_down_sets_a_ceiling_for_ten_minutes() -> None:
    assert ceiling_after(situation([make_sample()] * 4), DOWN) == Ceiling(2, ago(-600), 600)


def test_taking_an_increase_back_doubles_the_hold() -> None:
    status = make_status(4, ceiling=2, ceiling_expires_at=ago(60), ceiling_hold_seconds=600)
    assert ceiling_after(situation([make_sample()] * 4, status=status), DOWN) == Ceiling(2, ago(-1200), 1200)


def test_going_further_down_does_not() -> None:
    status = make_status(4, ceiling=4, ceiling_expires_at=ago(-60), ceiling_hold_seconds=600)
    assert ceiling_after(situation([make_sample()] * 4, status=status), DOWN) == Ceiling(2, ago(-600), 600)


def test_other_changes_leave_it() -> None:
    status = make_status(4, ceiling=4, ceiling_expires_at=ago(-60), ceiling_hold_seconds=600)
    up = Verdict(Lever.PARALLELISM, 6, "MemoryRecovered", "")
    assert ceiling_after(situation(status=status), up) == Ceiling(4, ago(-60), 600)
    assert ceiling_after(situation(status=status), None) == Ceiling(4, ago(-60), 600)


def test_what_comes_long_after_one_was_kept_to_is_a_first_time_again() -> None:
    status = make_status(4, ceiling=4, ceiling_expires_at=ago(60), ceiling_hold_seconds=2400)
    assert ceiling_after(situation([make_sample()] * 4, status=status), DOWN) == Ceiling(2, ago(-600), 600)
