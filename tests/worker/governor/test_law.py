"""The law of batches, as properties."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.limits import HEADROOM, MAX_WINDOWS, Limits
from ingestion_contract.metrics import Stage
from ingestion_worker.memory import governor
from ingestion_worker.memory.ceiling import Ceiling
from ingestion_worker.memory.footprint import Footprint, Line
from ingestion_worker.memory.governor import MAX_TOKENS, Batch, Governor
from tests.worker.governor import strategies
from tests.worker.governor.strategies import GIB, MIB, budgets, footprints, states

INCIDENT = Footprint(
    base=int(8.4 * GIB),
    windows=Line().with_batch(1, int(0.2 * GIB)),
    texts=Line().with_batch(1024, 128 * MIB),
    text_tokens=1024,
)
"""A worker of the incident: distil-large-v3, and gte-Qwen2-1.5B in float32, whose longest text takes 128 MiB."""


def windows(state: Governor, limits: Limits) -> int:
    return governor.allowed_windows(state, limits, governed=True)


def tokens(state: Governor, limits: Limits) -> int:
    return governor.allowed_tokens(state, limits, governed=True)


def ceiling_of(state: Governor, stage: Stage) -> Ceiling:
    return state.windows if stage is Stage.ASR else state.texts


@given(states, budgets)
def test_windows_and_texts_together_stay_strictly_below_the_budget(state: Governor, budget: int) -> None:
    """But for the floor, below which a worker cannot work: see room and ladder for that."""
    limits = Limits(budget_bytes=budget)
    if state.footprint is None:
        return
    batch, size = windows(state, limits), max(tokens(state, limits), state.footprint.text_tokens)
    if batch > 1:
        assert state.footprint.total(batch, size) < budget
    if size > state.footprint.text_tokens:
        assert state.footprint.total(batch if batch > 1 else 0, size) < budget


@given(footprints, budgets)
def test_the_batch_is_the_largest_that_leaves_the_headroom(footprint: Footprint, budget: int) -> None:
    state = replace(Governor(footprint), windows=replace(Governor().windows, size=MAX_WINDOWS))
    limits = Limits(budget_bytes=budget)
    batch = windows(state, limits)
    if batch < MAX_WINDOWS:
        reserve = max(tokens(state, limits), footprint.text_tokens)
        slack = footprint.texts.slope + 2
        assert footprint.total(batch + 1, reserve) + slack >= int(budget * (1 - HEADROOM))


@given(states, strategies.limits, st.booleans())
def test_there_is_always_a_batch_and_never_above_any_ceiling(state: Governor, limits: Limits, governed: bool) -> None:
    batch = governor.allowed_windows(state, limits, governed)
    assert 1 <= batch <= max(1, state.windows.size)
    assert limits.batch_ceiling is None or batch <= limits.batch_ceiling
    assert 1 <= governor.allowed_tokens(state, limits, governed) <= state.texts.size


@given(states, budgets, budgets)
def test_a_larger_budget_never_makes_smaller_batches(state: Governor, one: int, other: int) -> None:
    small, large = (Limits(budget_bytes=budget) for budget in sorted((one, other)))
    assert windows(state, small) <= windows(state, large)
    assert tokens(state, small) <= tokens(state, large)


events = st.lists(
    st.one_of(
        st.tuples(st.just("worked"), st.sampled_from([Stage.ASR, Stage.EMBED]), st.floats(0.01, 10)),
        st.tuples(st.just("failed"), st.sampled_from([Stage.ASR, Stage.EMBED]), st.floats(0.01, 10)),
        st.tuples(st.just("limits"), st.sampled_from([Stage.ASR]), st.floats(0.01, 10)),
    ),
    max_size=60,
)


@given(footprints, events, st.data())
def test_in_any_history_no_batch_is_above_the_budget_by_what_is_known_or_above_a_ceiling_that_holds(
    footprint: Footprint, history: list[tuple[str, Stage, float]], data: st.DataObject
) -> None:
    """Batches that work and fail, memory that turns out larger than measured, and an operator that changes its mind."""
    state, limits, now = Governor(footprint), Limits(budget_bytes=data.draw(budgets)), 0.0
    held: dict[Stage, tuple[int, float]] = {}
    for event, stage, seconds in history:
        now += seconds
        known = state.footprint
        assert known is not None
        batch, size = windows(state, limits), max(tokens(state, limits), known.text_tokens)
        assert limits.budget_bytes is not None
        if batch > 1:
            assert known.total(batch, size) < limits.budget_bytes
        for of, (most, until) in held.items():
            if now < until:
                assert (batch if of is Stage.ASR else tokens(state, limits)) <= most
        ran = batch if stage is Stage.ASR else size
        if event == "limits":
            limits = Limits(budget_bytes=data.draw(budgets))
        elif event == "failed":
            before = state
            state = governor.after_out_of_memory(state, stage, ran, now)
            later, earlier = ceiling_of(state, stage), ceiling_of(before, stage)
            assert later.holds >= earlier.holds
            held[stage] = later.size, later.until
        else:
            highest = known.highest + data.draw(st.integers(0, GIB))
            most = governor.permitted(state, stage, limits, governed=True)
            state = governor.after_batch(state, Batch(stage, ran, seconds, most), highest, now)
            assert state.footprint is not None
            assert state.footprint.highest >= highest


@given(footprints, budgets, st.integers(1, 64))
def test_with_work_always_waiting_batches_settle_at_what_really_fits(
    footprint: Footprint, budget: int, capacity: int
) -> None:
    """Though the device takes fewer windows than the budget says, memory runs out ever more rarely."""
    state, limits, now, trouble = Governor(footprint), Limits(budget_bytes=budget), 0.0, []
    for _ in range(1500):
        batch = windows(state, limits)
        now += 20.0
        if batch > capacity:
            state = governor.after_out_of_memory(state, Stage.ASR, batch, now)
            trouble.append(now)
        else:
            most = governor.permitted(state, Stage.ASR, limits, governed=True)
            state = governor.after_batch(state, Batch(Stage.ASR, batch, 0.25 + 0.05 * batch, most), None, now)
    pauses = [after - before for before, after in pairwise(trouble)]
    assert len(trouble) <= 30
    assert all(pause >= 1800 for pause in pauses[10:])


@given(st.lists(st.tuples(budgets, st.integers(1, 12)), max_size=12))
def test_a_budget_that_changes_after_batches_have_settled_leaves_no_hold_behind(changes: list[tuple[int, int]]) -> None:
    """On a device where larger batches always gain."""
    state, now = Governor(INCIDENT), 0.0
    for budget, batches in [*changes, (80 * GIB, 40)]:
        limits = Limits(budget_bytes=budget)
        for _ in range(batches):
            now += 1.0
            batch, most = windows(state, limits), governor.permitted(state, Stage.ASR, limits, governed=True)
            state = governor.after_batch(state, Batch(Stage.ASR, batch, 1.0, most), None, now)
    assert state.windows.holds == 0
    assert windows(state, Limits(budget_bytes=80 * GIB)) == MAX_WINDOWS


@given(states, st.integers(0, 4 * GIB), st.floats(0, 20_000))
def test_batches_that_held_more_than_the_line_says_do_not_run_again_once_the_models_were_released(
    state: Governor, excess: int, now: float
) -> None:
    known = state.footprint
    if known is None or not known.windows.largest:
        return
    size = known.windows.largest + 1
    held = known.total(size, known.texts.largest) + known.base + excess + 1
    after = governor.after_release(replace(state, footprint=known.with_batch(Stage.ASR, size, held)), known, now)
    assert after.footprint == known
    assert after.windows.size <= size // 2
    assert after.windows.until > now


@given(states, st.floats(0, 20_000))
def test_a_release_for_another_reason_teaches_nothing(state: Governor, now: float) -> None:
    """Such as a budget that was lowered: batches held what the line says."""
    assert governor.after_release(state, state.footprint, now) == state


@given(states)
def test_without_a_budget_a_batch_is_one_window_or_one_text(state: Governor) -> None:
    assert windows(state, Limits()) == 1
    longest = 1 if state.footprint is None else state.footprint.text_tokens
    assert tokens(state, Limits()) <= longest


@given(budgets)
def test_before_anything_is_measured_a_batch_is_one(budget: int) -> None:
    assert windows(Governor(), Limits(budget_bytes=budget)) == 1
    assert tokens(Governor(), Limits(budget_bytes=budget)) == 1


def test_where_there_is_no_device_memory_to_govern_batches_are_of_a_fixed_size() -> None:
    assert governor.allowed_windows(Governor(), Limits(), governed=False) == governor.UNGOVERNED_WINDOWS
    assert governor.allowed_tokens(Governor(), Limits(), governed=False) == MAX_TOKENS


@pytest.mark.parametrize(("workers", "batch"), [(2, 4), (1, 47)])
def test_the_workers_that_24_gib_hold_under_80_percent_have_room_for_batches(workers: int, batch: int) -> None:
    limits = Limits(budget_bytes=int(0.8 * 24 * GIB / workers))
    assert windows(Governor(INCIDENT), limits) == batch
    assert INCIDENT.total(batch, max(tokens(Governor(INCIDENT), limits), 1024)) < 0.8 * 24 * GIB / workers


def test_texts_get_an_eighth_of_the_room_and_no_more_than_makes_them_faster() -> None:
    assert tokens(Governor(INCIDENT), Limits(budget_bytes=int(9.5 * GIB))) == 1024
    assert tokens(Governor(INCIDENT), Limits(budget_bytes=16 * GIB)) == pytest.approx(7280, rel=0.05)
    assert tokens(Governor(INCIDENT), Limits(budget_bytes=80 * GIB)) == MAX_TOKENS
