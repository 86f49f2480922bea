from ingestion_operator.observe.neighbours import READINGS, Neighbours
from ingestion_operator.observe.worker_sample import WorkerSample
from tests.operator.kit import FLOOR, GIB, GPU, make_sample

PODS = ("a", "b")


def reading(used_gib: float, own: int | None = FLOOR) -> dict[str, WorkerSample]:
    return {uid: make_sample(own=own, device_used=int(used_gib * GIB)) for uid in PODS}


def after(*readings: dict[str, WorkerSample]) -> dict[str, int]:
    neighbours = Neighbours()
    for answers in readings:
        neighbours.add(PODS, answers)
    return neighbours.least()


def test_what_the_workers_do_not_hold_themselves_is_held_by_others() -> None:
    assert after(*[reading(23.2)] * READINGS) == {GPU: int(23.2 * GIB) - 2 * FLOOR}


def test_a_moment_in_which_memory_moves_does_not_count() -> None:
    steady = reading(17.2)
    assert after(steady, reading(23.2), steady)[GPU] <= 1


def test_nothing_is_known_before_it_has_been_seen_often_enough() -> None:
    assert after(*[reading(23.2)] * (READINGS - 1)) == {}


def test_of_a_device_that_is_not_heard_what_was_known_is_still_the_best_guess() -> None:
    elsewhere = {uid: make_sample(gpu="GPU-b", own=FLOOR, device_used=FLOOR) for uid in PODS}
    known = after(*[reading(23.2)] * READINGS, *[elsewhere] * READINGS)
    assert known[GPU] == int(23.2 * GIB) - 2 * FLOOR
    assert after(*[reading(23.2)] * READINGS, *[elsewhere] * READINGS, *[reading(17.2)] * READINGS)[GPU] == 0


def test_others_never_hold_less_than_nothing() -> None:
    assert after(*[reading(10)] * READINGS) == {GPU: 0}


def test_a_worker_that_is_not_heard_or_does_not_say_what_it_holds_makes_no_reading() -> None:
    unheard = {"a": reading(23.2)["a"]}
    assert after(*[unheard] * READINGS) == {}
    assert after(*[reading(23.2, own=None)] * READINGS) == {}
