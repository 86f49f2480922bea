"""The law of batches, as properties."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.limits import Limits
from ingestion_worker.device import DeviceMemory
from ingestion_worker.memory import governor
from ingestion_worker.memory.governor import Ceiling, Footprint, Governor

GIB = 1024**3

footprints = st.builds(Footprint, base=st.integers(0, 80 * GIB), slope=st.integers(1, 4 * GIB))
budgets = st.integers(1, 100 * GIB)
ceilings = st.none() | st.builds(
    Ceiling, batch=st.integers(1, 32), holds=st.floats(1, 1800), until=st.floats(0, 10_000)
)
states = st.builds(Governor, footprint=footprints, ceiling=ceilings)

INCIDENT = Footprint(base=int(8.4 * GIB), slope=int(0.2 * GIB))


def limits(budget: int | None = None, ceiling: int | None = None) -> Limits:
    return Limits(budget_bytes=budget, batch_ceiling=ceiling)


@given(states, budgets)
def test_a_batch_stays_strictly_below_the_budget_and_is_the_largest_that_leaves_the_headroom(
    state: Governor, budget: int
) -> None:
    footprint = state.footprint
    assert footprint is not None
    batch = governor.allowed_batch(replace(state, ceiling=None), limits(budget), governed=True)
    assert batch >= 1
    if batch > 1:
        assert footprint.base + footprint.slope * batch < budget
    if batch < governor.MAX_BATCH:
        assert footprint.base + footprint.slope * (batch + 1) >= int(budget * (1 - governor.HEADROOM))


@given(states, budgets, st.integers(1, 64))
def test_neither_a_learned_ceiling_nor_the_operators_is_exceeded(state: Governor, budget: int, most: int) -> None:
    batch = governor.allowed_batch(state, limits(budget, most), governed=True)
    assert batch <= most
    if state.ceiling is not None:
        assert batch <= max(1, state.ceiling.batch)


@given(states)
def test_without_a_budget_a_batch_is_one(state: Governor) -> None:
    assert governor.allowed_batch(state, limits(), governed=True) == 1


def test_without_a_measured_footprint_a_batch_is_one() -> None:
    assert governor.allowed_batch(Governor(), limits(80 * GIB), governed=True) == 1


def test_the_budget_of_two_workers_on_24_gib_gives_batches_of_five() -> None:
    budget = int(0.8 * 24 * GIB / 2)
    assert governor.allowed_batch(Governor(INCIDENT), limits(budget), governed=True) == 5


@given(states, st.integers(1, 32), st.floats(0, 10_000))
def test_running_out_of_memory_halves_and_never_raises(state: Governor, batch: int, now: float) -> None:
    after = governor.after_out_of_memory(state, batch, now).ceiling
    assert after is not None
    assert after.batch == max(1, batch // 2)
    assert after.until > now
    if state.ceiling is not None:
        assert after.holds >= min(governor.MAX_CEILING_SECONDS, state.ceiling.holds)


@given(states, st.integers(1, 32), st.floats(0, 20_000))
def test_a_ceiling_holds_until_it_expires_and_then_rises_by_one(state: Governor, batch: int, now: float) -> None:
    after = governor.after_batch(state, batch, None, now).ceiling
    before = state.ceiling
    if before is None or now < before.until:
        assert after == before
    elif after is not None:
        assert after.batch == before.batch + 1
        assert after.until > now


@given(footprints, st.integers(1, 32), st.integers(0, 200 * GIB))
def test_the_slope_never_shrinks_and_covers_what_was_seen(footprint: Footprint, batch: int, own: int) -> None:
    after = footprint.with_batch(batch, own)
    assert after.slope >= footprint.slope
    assert after.base + after.slope * batch >= own


def memory(total: float, used: float, own: float) -> DeviceMemory:
    return DeviceMemory(int(total * GIB), int(used * GIB), int(own * GIB))


def test_room_is_what_the_others_leave() -> None:
    need = INCIDENT.floor
    assert governor.has_room(memory(24, 9.25, 0.65), need, limits())
    assert not governor.has_room(memory(24, 17.9, 0.65), need, limits())


def test_there_is_no_room_in_a_budget_below_the_need_unless_nobody_else_is_there() -> None:
    assert not governor.has_room(memory(24, 5, 0.65), INCIDENT.floor, limits(4 * GIB))
    assert governor.has_room(memory(24, 0.65, 0.65), INCIDENT.floor, limits(4 * GIB))


def test_a_worker_above_its_budget_makes_room_after_a_while() -> None:
    tight, shared = limits(4 * GIB), memory(24, 17.2, 8.6)
    state, over = governor.watch_budget(Governor(INCIDENT), tight, shared, now=100.0)
    assert not over
    state, over = governor.watch_budget(state, tight, shared, now=100.0 + governor.OVER_BUDGET_SECONDS)
    assert over


@pytest.mark.parametrize(
    ("budget", "device"),
    [
        (limits(4 * GIB), memory(24, 8.6, 8.6)),
        (limits(9 * GIB), memory(24, 17.2, 8.6)),
        (limits(), memory(24, 17.2, 8.6)),
        (limits(4 * GIB), None),
    ],
    ids=["alone on the device", "within the budget", "without a budget", "without a device"],
)
def test_a_worker_keeps_its_models(budget: Limits, device: DeviceMemory | None) -> None:
    state = replace(Governor(INCIDENT), over_budget_since=1.0)
    state, over = governor.watch_budget(state, budget, device, now=1000.0)
    assert not over
    assert state.over_budget_since is None
