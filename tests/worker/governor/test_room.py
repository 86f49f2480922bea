"""Whether there is room on the device, and when a worker makes room for others."""

import pytest

from ingestion_contract.limits import Limits
from ingestion_worker.device import DeviceMemory
from ingestion_worker.memory import room
from tests.worker.governor.strategies import GIB

FLOOR = int(8.6 * GIB)


def limits(budget: float | None = None) -> Limits:
    return Limits(budget_bytes=None if budget is None else int(budget * GIB))


def memory(total: float, used: float, own: float) -> DeviceMemory:
    return DeviceMemory(int(total * GIB), int(used * GIB), int(own * GIB))


def test_room_is_what_the_others_leave() -> None:
    assert room.has_room(memory(24, 9.25, 0.65), FLOOR, limits())
    assert not room.has_room(memory(24, 17.9, 0.65), FLOOR, limits())


def test_there_is_no_room_in_a_budget_below_the_need_unless_nobody_else_is_there() -> None:
    assert not room.has_room(memory(24, 5, 0.65), FLOOR, limits(4))
    assert room.has_room(memory(24, 0.65, 0.65), FLOOR, limits(4))


@pytest.mark.parametrize("operated", [True, False])
@pytest.mark.parametrize(
    ("device", "need", "helps"),
    [
        (memory(12, 6.7, 0.7), 8.6, True),
        (memory(12, 6.7, 0.7), None, True),
        (memory(8, 6.7, 0.7), 8.6, False),
        (memory(12, 0.8, 0.7), 8.6, False),
    ],
    ids=["a large neighbour", "nobody knows the need", "more than the whole device", "alone"],
)
def test_a_worker_waits_for_those_whose_leaving_may_help(
    device: DeviceMemory, need: float | None, helps: bool, operated: bool
) -> None:
    needed = None if need is None else int(need * GIB)
    assert room.waiting_helps(device, needed, operated=operated) is helps


def test_small_neighbours_are_waited_for_only_where_somebody_lowers_the_number_of_workers() -> None:
    assert room.waiting_helps(memory(24, 1.3, 0.65), FLOOR, operated=True)
    assert not room.waiting_helps(memory(24, 1.3, 0.65), FLOOR, operated=False)


def test_a_worker_above_its_budget_makes_room_after_a_while() -> None:
    tight, shared = limits(4), memory(24, 17.2, 8.6)
    since = room.over_budget_since(None, FLOOR, tight, shared, now=100.0)
    assert since == 100.0
    assert not room.must_make_room(since, now=100.0)
    since = room.over_budget_since(since, FLOOR, tight, shared, now=100.0 + room.OVER_BUDGET_SECONDS)
    assert since == 100.0
    assert room.must_make_room(since, now=100.0 + room.OVER_BUDGET_SECONDS)


def test_so_does_one_that_holds_more_than_its_budget_though_it_needs_less() -> None:
    assert room.over_budget_since(None, FLOOR, limits(9), memory(24, 17.2, 9.2), now=5.0) == 5.0


@pytest.mark.parametrize(
    ("budget", "floor", "device"),
    [
        (limits(4), FLOOR, memory(24, 8.6, 8.6)),
        (limits(9), FLOOR, memory(24, 17.2, 8.6)),
        (limits(), FLOOR, memory(24, 17.2, 8.6)),
        (limits(4), None, memory(24, 17.2, 8.6)),
        (limits(4), FLOOR, None),
    ],
    ids=["alone on the device", "within the budget", "without a budget", "not measured", "without a device"],
)
def test_a_worker_keeps_its_models(budget: Limits, floor: int | None, device: DeviceMemory | None) -> None:
    assert room.over_budget_since(1.0, floor, budget, device, now=1000.0) is None
    assert not room.must_make_room(None, now=1000.0)
