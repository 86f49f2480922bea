"""How much device memory there is for all workers together."""

from hypothesis import given
from hypothesis import strategies as st

from ingestion_worker.device import DeviceMemory
from ingestion_worker.local.room import Room

GIB = 2**30


def seen(room: Room, used: float, own: float, seconds: range) -> int:
    """What is left after the same has been seen for so long, in GiB."""
    for now in seconds:
        room.look(DeviceMemory(total=24 * GIB, used=int(used * GIB), own=0), int(own * GIB), now)
    return round(room.left / GIB)


def test_what_others_hold_is_not_for_the_workers() -> None:
    assert seen(Room(24 * GIB, 75), used=5, own=0, seconds=range(1)) == 13


def test_what_the_workers_hold_is() -> None:
    room = Room(24 * GIB, 75)
    assert seen(room, used=5, own=0, seconds=range(1)) == 13
    assert seen(room, used=17, own=12, seconds=range(1, 60)) == 13


def test_it_follows_others_that_come_and_go() -> None:
    room = Room(24 * GIB, 75)
    assert seen(room, used=12, own=12, seconds=range(20)) == 18
    assert seen(room, used=20, own=12, seconds=range(20, 40)) == 10
    assert seen(room, used=12, own=12, seconds=range(40, 60)) == 18


def test_a_batch_between_two_looks_is_nobody_elses() -> None:
    room = Room(24 * GIB, 75)
    seen(room, used=12, own=12, seconds=range(20))
    assert seen(room, used=15, own=12, seconds=range(20, 22)) == 18


def test_where_others_hold_all_there_is_one_byte() -> None:
    room = Room(24 * GIB, 75)
    seen(room, used=20, own=0, seconds=range(1))
    assert room.left == 1


@given(st.lists(st.tuples(st.integers(0, 24), st.integers(0, 48)), min_size=1))
def test_it_is_never_more_than_the_target(held: list[tuple[int, int]]) -> None:
    room = Room(24 * GIB, 75)
    for now, (used, own) in enumerate(held):
        seen(room, used, own, range(now, now + 1))
        assert 1 <= room.left <= 18 * GIB
