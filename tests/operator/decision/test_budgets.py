"""Where devices differ, or others hold memory on some of them, workers have other budgets there."""

from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.limits import MAX_DEVICE_BUDGETS, Limits
from ingestion_contract.status import MemoryStatus
from ingestion_operator.decision.limits import decide_limits
from ingestion_operator.observe.worker_sample import WorkerSample
from tests.operator.kit import FLOOR, GIB, make_run, make_sample, make_status, situation, waiting

WHOLE = 24 * GIB * 80 // 100


def on(*gpus: str, gib: float = 24) -> list[WorkerSample]:
    return [make_sample(gpu=f"GPU-{gpu}", gib=gib) for gpu in gpus]


def test_what_others_hold_of_one_device_is_taken_from_the_workers_there_alone() -> None:
    limits = decide_limits(situation(on("a", "b", "c"), neighbours={"GPU-b": 6 * GIB}), 3, 100)
    assert limits.budget_bytes == WHOLE
    assert limits.device_budgets == {"GPU-b": WHOLE - 6 * GIB}


def test_of_two_devices_the_smaller_budget_is_the_usual_one_since_an_unknown_third_gets_it_too() -> None:
    limits = decide_limits(situation(on("a", "b"), neighbours={"GPU-b": 6 * GIB}), 2, 100)
    assert limits.budget_bytes == WHOLE - 6 * GIB
    assert limits.device_budgets == {"GPU-a": WHOLE}


def test_unlike_cards_have_unlike_budgets() -> None:
    cards = [*on("a", "b", gib=16), *on("c", gib=80)]
    limits = decide_limits(situation(cards), 3, 100)
    assert limits.budget_bytes == 16 * GIB * 80 // 100
    assert limits.device_budgets == {"GPU-c": 80 * GIB * 80 // 100}


def test_budgets_that_hardly_differ_are_the_same() -> None:
    held = {"GPU-a": GIB // 8, "GPU-b": GIB // 4, "GPU-c": 0}
    limits = decide_limits(situation(on("a", "b", "c"), neighbours=held), 3, 100)
    assert limits.device_budgets == {}


def test_where_fewer_fit_beside_others_those_that_work_there_share_the_room_and_one_that_waits_waits() -> None:
    samples = [*on("a", "a", "b"), waiting(gpu="GPU-b")]
    held = {"GPU-a": 0, "GPU-b": 6 * GIB}
    memory = MemoryStatus(floor_bytes=FLOOR, budget_bytes=WHOLE // 2, devices=2, shared=True)
    crowded = decide_limits(situation(samples, neighbours=held, memory=memory), 4, 100)
    assert crowded.revision == 0, "until one of them goes, nobody is given what the other needs"
    alone = decide_limits(situation(on("a", "a", "b"), neighbours=held, memory=memory, status=make_status(3)), 3, 100)
    assert (alone.budget_bytes, alone.device_budgets) == (WHOLE // 2, {"GPU-b": WHOLE - 6 * GIB})


def test_a_device_that_is_not_heard_keeps_its_budget_and_gets_no_more_than_the_usual_one_when_more_are_wanted() -> None:
    memory = MemoryStatus(
        floor_bytes=FLOOR, budget_bytes=WHOLE, devices=4, device_budgets={"GPU-c": 10 * GIB, "GPU-d": 22 * GIB}
    )
    heard = on("a", "b")
    status = make_status(4)
    same = decide_limits(situation([*heard, None, None], status=status, memory=memory), 4, 100)
    assert same.device_budgets == {"GPU-c": 10 * GIB, "GPU-d": 22 * GIB}
    more = decide_limits(situation(heard, status=make_status(2), memory=memory), 4, 100)
    assert more.budget_bytes is not None
    assert all(budget <= more.budget_bytes for budget in more.device_budgets.values())


def test_what_is_seen_of_some_devices_raises_no_budget_of_others_that_are_not_heard() -> None:
    memory = MemoryStatus(
        floor_bytes=FLOOR, budget_bytes=WHOLE - 6 * GIB, devices=3, device_budgets={"GPU-a": WHOLE}, shared=True
    )
    limits = decide_limits(situation([*on("a"), None, None], status=make_status(3), memory=memory), 3, 100)
    assert limits.on("GPU-b").budget_bytes == WHOLE - 6 * GIB


def test_a_worker_takes_the_budget_of_its_device() -> None:
    limits = Limits(budget_bytes=10, device_budgets={"GPU-b": 6})
    assert [limits.on(f"GPU-{name}").budget_bytes for name in "abc"] == [10, 6, 10]


@given(st.lists(st.integers(0, 14 * GIB), min_size=1, max_size=80))
def test_every_device_keeps_its_workers_within_its_room_or_at_their_floor(held: list[int]) -> None:
    gpus = [f"{number:03}" for number in range(len(held))]
    run = make_run({"initial": len(held), "max": len(held)})
    neighbours = {f"GPU-{gpu}": size for gpu, size in zip(gpus, held, strict=True)}
    limits = decide_limits(situation(on(*gpus), run=run, neighbours=neighbours), len(held), 100)
    assert len(limits.device_budgets) <= MAX_DEVICE_BUDGETS
    for gpu, size in neighbours.items():
        budget = limits.on(gpu).budget_bytes
        assert budget is not None
        assert FLOOR <= budget <= max(FLOOR, WHOLE - size) + 24 * GIB * 2 // 100


def test_of_more_devices_than_can_be_named_those_with_the_least_room_are_and_the_others_get_no_more_than_fits() -> None:
    count = 2 * MAX_DEVICE_BUDGETS
    gpus = [f"{number:03}" for number in range(2 * count + 1)]
    held = {f"GPU-{gpu}": (number + 1) * 8 * GIB // count for number, gpu in enumerate(gpus[:count])}
    run = make_run({"initial": len(gpus), "max": len(gpus)})
    limits = decide_limits(situation(on(*gpus), run=run, neighbours=held), len(gpus), 100)
    fullest = sorted(held, key=lambda gpu: -held[gpu])
    assert set(limits.device_budgets) == set(fullest[:MAX_DEVICE_BUDGETS])
    assert limits.budget_bytes == WHOLE - held[fullest[MAX_DEVICE_BUDGETS]]
