from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.status import ActiveTime
from ingestion_operator.decision.deadline import active_seconds, count_on, seconds_left
from tests.operator.kit import NOW, ago

SPANS = st.lists(st.tuples(st.booleans(), st.integers(0, 10_000)), max_size=20)


@given(SPANS)
def test_just_the_active_time_counts(spans: list[tuple[bool, int]]) -> None:
    active, now, counts = ActiveTime(), NOW, [0]
    for going, seconds in spans:
        active = count_on(active, going, now)
        now += timedelta(seconds=seconds)
        counts.append(active_seconds(active, now))
    assert counts[-1] == sum(seconds for going, seconds in spans if going)
    assert all(before <= after for before, after in pairwise(counts))


def test_a_count_that_goes_on_is_not_written_anew() -> None:
    active = count_on(ActiveTime(), True, ago(60))
    assert count_on(active, True, NOW) is active


def test_a_clock_that_was_set_back_takes_nothing_away() -> None:
    assert active_seconds(ActiveTime(seconds=30, since=NOW), ago(60)) == 30


def test_what_is_left_ends_at_nothing() -> None:
    active = ActiveTime(seconds=100, since=ago(50))
    assert seconds_left(None, active, NOW) is None
    assert seconds_left(200, active, NOW) == 50
    assert seconds_left(150, active, NOW) == 0
    assert seconds_left(10, active, NOW) == 0
