"""The law of a local run: no shard is lost, and workers only become fewer."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.limits import Limits
from ingestion_contract.metrics import WorkerState
from ingestion_worker.local import fleet as law
from ingestion_worker.local.fleet import Fleet, Seen, Then

GIB = 2**30
WORKING, STARTING, WAITING = WorkerState.WORKING, WorkerState.STARTING, WorkerState.WAITING_FOR_MEMORY


def seen(shard: int, state: WorkerState | None = WORKING, seconds: float = 0.0, floor: int = 0) -> Seen:
    return Seen(shard, state, seconds, floor)


def end(
    fleet: Fleet, code: int, shard: int = 0, *, others: int = 1, released: bool = False, progressed: bool = False
) -> tuple[Fleet, Then]:
    return law.after_end(fleet, shard, code, others=others, released=released, worked=True, progressed=progressed)


def test_the_first_worker_measures_before_others_begin() -> None:
    fleet = Fleet(allowed=4, queue=(0, 1, 2, 3))
    assert law.to_start(fleet, []) == (0,)
    begun = law.without(fleet, 0)
    assert law.to_start(begun, [seen(0, None)]) == ()
    assert law.to_start(begun, [seen(0, STARTING)]) == ()
    assert law.to_start(begun, [seen(0, WORKING)]) == (1, 2, 3)


def test_no_more_workers_than_fit_the_measured_floor() -> None:
    """The founding incident: 8.6 GiB at the least, 80 % of 24 GiB hold two."""
    fleet = law.measured(Fleet(allowed=4, queue=(1, 2, 3)), [seen(0, floor=int(8.6 * GIB))], int(19.2 * GIB))
    assert fleet.allowed == 2
    assert law.to_start(fleet, [seen(0)]) == (1,)


def test_one_worker_is_always_allowed() -> None:
    assert law.measured(Fleet(4, ()), [seen(0, floor=30 * GIB)], 19 * GIB).allowed == 1


def test_a_worker_that_waits_for_memory_while_others_work_is_released_after_a_while() -> None:
    fleet = Fleet(allowed=2, queue=())
    assert law.to_release(fleet, [seen(0), seen(1, WAITING, 5)], 0) is None
    released = law.to_release(fleet, [seen(0), seen(1, WAITING, 12)], 0)
    assert released is not None
    assert released.shard == 1
    after = law.after_release(fleet, 2, now=100)
    assert after.allowed == 1
    assert law.to_release(replace(after, allowed=3), [seen(0), seen(1, WAITING, 99)], now=101) is None


def test_where_all_wait_they_are_given_longer_and_the_last_one_is_never_released() -> None:
    fleet = Fleet(allowed=2, queue=())
    assert law.to_release(fleet, [seen(0, WAITING, 30), seen(1, WAITING, 20)], 0) is None
    assert law.to_release(fleet, [seen(0, WAITING, 61), seen(1, WAITING, 20)], 0) == seen(0, WAITING, 61)
    assert law.to_release(Fleet(1, ()), [seen(0, WAITING, 999)], 0) is None


def test_of_more_workers_than_fit_the_one_that_does_not_work_goes() -> None:
    found = law.to_release(Fleet(allowed=2, queue=()), [seen(0), seen(1, STARTING), seen(2)], 0)
    assert found == seen(1, STARTING)


@pytest.mark.parametrize("code", [ExitCode.CONFIGURATION, ExitCode.UNUSABLE_NODE, ExitCode.SOURCE_BLOCKED])
def test_what_no_other_worker_does_better_ends_the_run(code: ExitCode) -> None:
    assert end(Fleet(2, ()), code)[1] is Then.END


def test_no_room_means_one_worker_less_and_for_the_last_one_the_end() -> None:
    fleet, then = end(Fleet(allowed=3, queue=(5,)), ExitCode.MEMORY_EXHAUSTED, others=2)
    assert (then, fleet.allowed, fleet.queue) == (Then.ONE_LESS, 2, (5, 0))
    assert end(Fleet(allowed=1, queue=()), ExitCode.MEMORY_EXHAUSTED, others=0)[1] is Then.END


@pytest.mark.parametrize("code", [1, 134, 137, ExitCode.STICKY_DEVICE_FAULT, ExitCode.STOPPED])
def test_a_shard_is_tried_three_times(code: int) -> None:
    fleet = Fleet(allowed=1, queue=())
    fleet, first = end(fleet, code)
    fleet, second = end(law.without(fleet, 0), code)
    fleet, third = end(law.without(fleet, 0), code)
    assert (first, second, third) == (Then.AGAIN, Then.AGAIN, Then.GIVE_UP)
    assert fleet.given_up == (0,)
    assert fleet.queue == ()


def test_a_worker_that_crashes_now_and_then_is_started_again_as_long_as_videos_get_done() -> None:
    fleet = Fleet(allowed=1, queue=())
    for _ in range(5):
        for progressed in (True, False):
            fleet, then = end(law.without(fleet, 0), 137, progressed=progressed)
            assert then is Then.AGAIN
    assert end(law.without(fleet, 0), 137)[1] is Then.GIVE_UP


def test_a_released_worker_uses_up_no_attempt() -> None:
    fleet, then = end(Fleet(allowed=1, queue=()), ExitCode.STOPPED, released=True)
    assert (then, fleet.queue, fleet.attempts) == (Then.AGAIN, (0,), {})


def test_where_no_worker_ever_comes_to_work_not_every_shard_is_tried() -> None:
    fleet, ends = Fleet(allowed=4, queue=(1, 2, 3)), []
    for shard in (0, 1, 2):
        fleet, then = law.after_end(fleet, shard, 1, others=0, released=False, worked=False, progressed=False)
        ends.append(then)
    assert ends == [Then.AGAIN, Then.AGAIN, Then.END]


def test_budgets_grow_only_when_a_worker_has_gone() -> None:
    fleet = Fleet(allowed=1, queue=(2,), floor=GIB)
    both = law.limits(fleet, Limits(), running=2, room=20 * GIB, videos_per_hour=10)
    assert (both.revision, both.budget_bytes, both.videos_per_hour) == (1, 10 * GIB, 5)
    assert law.limits(fleet, both, running=2, room=20 * GIB, videos_per_hour=10) is both
    alone = law.limits(fleet, both, running=1, room=20 * GIB, videos_per_hour=10)
    assert (alone.revision, alone.budget_bytes, alone.videos_per_hour) == (2, 20 * GIB, 10)


def test_the_last_worker_gets_what_it_needs_whatever_the_target_says() -> None:
    fleet = Fleet(allowed=1, queue=(), floor=8 * GIB)
    assert law.limits(fleet, Limits(), running=1, room=6 * GIB, videos_per_hour=None).budget_bytes == 8 * GIB
    assert law.limits(fleet, Limits(), running=2, room=6 * GIB, videos_per_hour=None).budget_bytes == 3 * GIB


codes = st.sampled_from([0, 1, 64, 69, 75, 85, 86, 134, 137, 143])
steps = st.lists(st.tuples(st.sampled_from(["end", "release", "measure"]), st.integers(0, 9), codes), max_size=60)


@given(st.integers(1, 6), st.integers(1, 6), steps)
def test_no_shard_is_lost_and_budgets_never_add_up_to_more_than_the_room(
    shards: int, allowed: int, what: list[tuple[str, int, int]]
) -> None:
    fleet, running, done, room = Fleet(allowed, tuple(range(shards))), list[int](), list[int](), 20 * GIB
    released: set[int] = set()
    limits = Limits()
    for now, (kind, which, code) in enumerate(what):
        for shard in law.to_start(fleet, [seen(shard) for shard in running]):
            fleet = law.without(fleet, shard)
            running.append(shard)
        before = fleet.allowed
        if running and kind == "end":
            shard = running.pop(which % len(running))
            fleet, then = law.after_end(
                fleet,
                shard,
                code,
                others=len(running),
                released=shard in released,
                worked=True,
                progressed=which > 4,
            )
            released.discard(shard)
            if then is Then.END:
                return
            done += [shard] if then is Then.DONE else []
        elif kind == "measure":
            fleet = law.measured(fleet, [seen(0, floor=which * GIB)], room)
        elif found := law.to_release(fleet, [seen(shard, WAITING, 99) for shard in running], 100.0 * now):
            released.add(found.shard)
            fleet = law.after_release(fleet, len(running), 100.0 * now)
        assert 1 <= fleet.allowed <= before
        assert sorted([*running, *done, *fleet.queue, *fleet.given_up]) == list(range(shards))
        limits = law.limits(fleet, limits, len(running), room, None)
        assert (limits.budget_bytes or 0) * len(running) <= room
