"""How far batches grow, and how they settle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_worker.memory import ceiling
from ingestion_worker.memory.ceiling import FIRST_HOLD_SECONDS, MAX_HOLD_SECONDS, PROOF_BATCHES, Ceiling
from tests.worker.governor.strategies import ceilings

MOST = 64


def full_batches(state: Ceiling, count: int, seconds_each: float, now: float) -> Ceiling:
    for _ in range(count):
        state = ceiling.after_batch(state, state.size, seconds_each, now, MOST)
    return state


def allowed(state: Ceiling, permitted: int) -> int:
    return min(state.size, permitted)


@given(ceilings, st.integers(1, 64), st.floats(0, 20_000))
def test_running_out_of_memory_halves_and_never_raises(state: Ceiling, size: int, now: float) -> None:
    after = ceiling.after_out_of_memory(state, size, now)
    assert after.size == max(1, min(size // 2, state.size))
    assert after.until > now


@given(ceilings, st.integers(1, 64), st.floats(0, 20_000))
def test_each_time_it_holds_twice_as_long_up_to_half_an_hour(state: Ceiling, size: int, now: float) -> None:
    after = ceiling.after_out_of_memory(state, size, now)
    expected = min(MAX_HOLD_SECONDS, 2 * state.holds) if state.holds else FIRST_HOLD_SECONDS
    assert after.holds == expected


@given(ceilings, st.integers(1, 64), st.floats(0.001, 100), st.floats(0, 20_000))
def test_no_batch_raises_it_before_it_expires_and_none_by_more_than_a_quarter(
    state: Ceiling, size: int, seconds: float, now: float
) -> None:
    after = ceiling.after_batch(state, size, seconds, now, MOST)
    if now < state.until and after.size > state.size:
        assert after.size == state.raised_from, "only a raise that is taken back changes it"
    assert 1 <= after.size <= max(state.size + max(1, state.size // 4), state.raised_from)


@given(ceilings, st.floats(0.001, 100), st.floats(0, 20_000))
def test_batches_that_do_not_reach_it_change_nothing(state: Ceiling, seconds: float, now: float) -> None:
    """They are smaller because no more was waiting, or because the budget ends below."""
    size = int(0.74 * state.size)
    if size:
        assert ceiling.after_batch(state, size, seconds, now, MOST) == state


def test_a_raise_that_gains_is_followed_by_another_at_once_as_long_as_none_was_taken_back() -> None:
    state = Ceiling(16)
    sizes = [state.size]
    for _ in range(6):
        state = full_batches(state, PROOF_BATCHES, seconds_each=1.0, now=0.0)
        sizes.append(state.size)
    assert sizes == [16, 20, 25, 31, 38, 47, 58]


def test_a_raise_that_gains_less_than_three_percent_is_taken_back_and_not_tried_again_for_a_while() -> None:
    state = full_batches(Ceiling(16), PROOF_BATCHES, seconds_each=1.0, now=0.0)
    assert state.size == 20
    state = full_batches(state, PROOF_BATCHES, seconds_each=1.22, now=10.0)
    assert (state.size, state.until) == (16, 10.0 + FIRST_HOLD_SECONDS)
    state = full_batches(state, 100, seconds_each=1.0, now=10.0 + FIRST_HOLD_SECONDS - 1)
    assert state.size == 16
    state = full_batches(state, 1, seconds_each=1.0, now=10.0 + FIRST_HOLD_SECONDS)
    assert state.size == 20
    state = full_batches(state, PROOF_BATCHES, seconds_each=1.22, now=100.0)
    assert (state.size, state.holds) == (16, 2 * FIRST_HOLD_SECONDS)


def test_after_memory_ran_out_it_rises_one_step_per_hold() -> None:
    state = ceiling.after_out_of_memory(Ceiling(16), 16, now=0.0)
    state = full_batches(state, 20, seconds_each=0.1, now=FIRST_HOLD_SECONDS)
    assert state.size == 10
    state = full_batches(state, 20, seconds_each=0.1, now=2 * FIRST_HOLD_SECONDS - 1)
    assert state.size == 10
    state = full_batches(state, 1, seconds_each=0.1, now=2 * FIRST_HOLD_SECONDS)
    assert state.size == 12


def test_a_ceiling_of_one_can_rise_again() -> None:
    state = ceiling.after_out_of_memory(Ceiling(2), 2, now=0.0)
    assert state.size == 1
    assert full_batches(state, PROOF_BATCHES, seconds_each=0.1, now=FIRST_HOLD_SECONDS).size == 2


@given(st.integers(1, 64), st.floats(0.01, 1.0), st.floats(0.001, 0.2))
def test_with_work_always_waiting_it_settles(capacity: int, per_batch: float, per_item: float) -> None:
    """Memory holds `capacity` items, and a batch takes a + b x size seconds. In a day, memory runs out a few times."""
    state, now, trouble = Ceiling(16), 0.0, 0
    sizes = []
    while now < 86_400:
        size = state.size
        seconds = per_batch + per_item * size
        if size > capacity:
            trouble += 1
            state = ceiling.after_out_of_memory(state, size, now)
        else:
            state = ceiling.after_batch(state, size, seconds, now, MOST)
            sizes.append(size)
        now += max(seconds, 20.0)
    assert trouble <= 5 + 86_400 / MAX_HOLD_SECONDS
    useful = [size for size in sizes if size * 3 >= min(capacity, 16)]
    assert len(useful) >= 0.8 * len(sizes)


@pytest.mark.parametrize("size", [1, 3, 64])
def test_it_is_not_raised_beyond_what_helps_anywhere(size: int) -> None:
    state = Ceiling(size)
    for _ in range(200):
        state = full_batches(state, 1, seconds_each=1e-6 / state.size, now=1e9)
    assert MOST <= state.size <= 1.25 * MOST


@given(st.lists(st.tuples(st.integers(1, MOST), st.integers(1, 40)), max_size=20))
def test_where_every_raise_gains_a_budget_that_changes_is_never_taken_for_a_raise_that_did_not(
    budgets: list[tuple[int, int]],
) -> None:
    """What the budget forbade is there as soon as the budget allows it: nothing was learned against it."""
    state, now = Ceiling(16), 0.0
    for permitted, batches in [*budgets, (MOST, 40)]:
        for _ in range(batches):
            now += 1.0
            state = ceiling.after_batch(state, allowed(state, permitted), 1.0, now, permitted)
            assert state.holds == 0
    assert allowed(state, MOST) == MOST


@given(ceilings, st.integers(1, 64), st.floats(0.001, 100), st.floats(0, 20_000), st.integers(1, 64))
def test_a_batch_that_the_budget_kept_below_it_says_nothing_of_it(
    state: Ceiling, size: int, seconds: float, now: float, permitted: int
) -> None:
    if permitted < state.size:
        assert ceiling.after_batch(state, min(size, permitted), seconds, now, permitted) == state


def test_a_budget_that_is_lowered_after_a_raise_and_restored_neither_takes_it_back_nor_proves_it() -> None:
    raised = full_batches(Ceiling(16), PROOF_BATCHES, seconds_each=1.0, now=0.0)
    assert (raised.size, raised.raised_from) == (20, 16)
    state = raised
    for _ in range(100):
        state = ceiling.after_batch(state, 16, 1.0, 10.0, permitted=16)
    assert state == raised
    assert full_batches(state, PROOF_BATCHES, seconds_each=1.0, now=20.0).size == 25
