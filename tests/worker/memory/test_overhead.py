"""What batches of different sizes tell of the time that they share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_worker.memory.overhead import MOST_WINDOWS, BatchTimes


def after(batches: list[tuple[int, float]]) -> BatchTimes:
    times = BatchTimes()
    for size, seconds in batches:
        times = times.with_batch(size, seconds)
    return times


@given(
    st.floats(0.01, 1.0), st.floats(0.01, 1.0), st.lists(st.integers(1, 64), min_size=2, max_size=60), st.floats(1, 9)
)
def test_it_is_the_quotient_of_the_line_however_slow_the_device(
    fixed: float, each: float, sizes: list[int], slower: float
) -> None:
    told = after([(size, slower * (fixed + each * size)) for size in sizes]).overhead
    if told is not None:
        assert told == pytest.approx(min(MOST_WINDOWS, fixed / each), rel=1e-3, abs=1e-3)


def test_two_sizes_tell_however_many_batches_of_one_of_them_follow() -> None:
    assert after([(2, 0.35), *[(4, 0.45)] * 500]).overhead == pytest.approx(5.0)


def test_batches_of_about_one_size_tell_nothing() -> None:
    assert after([]).overhead is None
    assert after([(8, 1.0)] * 50).overhead is None
    assert after([(8, 1.0), (9, 1.1), (15, 1.5)]).overhead is None


def test_batches_that_take_no_longer_for_being_larger_should_be_as_large_as_can_be() -> None:
    assert after([(1, 1.0), (16, 1.0)] * 10).overhead == MOST_WINDOWS


@given(st.lists(st.tuples(st.integers(1, 64), st.floats(0, 1e6)), max_size=100))
def test_whatever_the_batches_it_is_within_its_bounds(batches: list[tuple[int, float]]) -> None:
    told = after(batches).overhead
    assert told is None or 0 <= told <= MOST_WINDOWS
