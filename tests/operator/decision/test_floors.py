"""One number, measured by many, of whom some may be wrong."""

from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.status import MAX_FLOORS, MeasuredFloor
from ingestion_operator.decision.floors import remembered, robust_floor
from tests.operator.kit import FLOOR, GIB

PODS = st.text("abcdef", min_size=1, max_size=2)
FLOORS = st.lists(
    st.builds(MeasuredFloor, pod=PODS, bytes=st.integers(1, 100 * GIB)),
    max_size=MAX_FLOORS,
    unique_by=lambda floor: floor.pod,
)


def floors(*gib: float) -> list[MeasuredFloor]:
    return [MeasuredFloor(pod=str(number), bytes=int(size * GIB)) for number, size in enumerate(gib)]


def test_it_is_the_median_so_that_one_wrong_measurement_moves_nothing() -> None:
    assert robust_floor(floors(8.6, 8.6, 2.0), 24 * GIB) == FLOOR
    assert robust_floor(floors(8.6, 8.6, 14.0), 24 * GIB) == FLOOR


def test_of_two_it_is_the_higher_one_which_costs_less_when_it_is_wrong() -> None:
    assert robust_floor(floors(2.0, 8.6), 24 * GIB) == FLOOR


def test_nobody_has_measured_more_than_the_largest_device_holds_unless_all_say_so() -> None:
    assert robust_floor(floors(8.6, 90.0), 24 * GIB) == FLOOR
    assert robust_floor(floors(90.0), 24 * GIB) == 90 * GIB


def test_a_worker_that_has_started_anew_does_not_overturn_what_others_measured() -> None:
    assert robust_floor(remembered(floors(8.6, 8.6, 8.6), {"new": GIB}), 24 * GIB) == FLOOR


def test_a_pod_that_measures_again_counts_once() -> None:
    assert remembered(floors(8.6, 8.6), {"0": 12 * GIB}) == [
        MeasuredFloor(pod="0", bytes=12 * GIB),
        MeasuredFloor(pod="1", bytes=FLOOR),
    ]


def test_nearly_the_same_is_the_same_so_that_the_status_rests() -> None:
    known = floors(8.6)
    assert remembered(known, {"0": int(FLOOR * 1.005)}) == known


@given(FLOORS, st.dictionaries(PODS, st.integers(1, 100 * GIB)))
def test_no_more_than_the_last_ones_are_remembered(known: list[MeasuredFloor], measured: dict[str, int]) -> None:
    after = remembered(known, measured)
    assert len(after) <= MAX_FLOORS
    assert remembered(after, {floor.pod: floor.bytes for floor in after}) == after


@given(st.lists(st.integers(1, 20 * GIB), min_size=3, max_size=8), st.integers(1, 24 * GIB))
def test_one_more_measurement_never_moves_it_beyond_what_others_have_measured(sizes: list[int], wrong: int) -> None:
    known = [MeasuredFloor(pod=str(number), bytes=size) for number, size in enumerate(sizes)]
    planned = robust_floor([*known, MeasuredFloor(pod="wrong", bytes=wrong)], 24 * GIB)
    assert planned is not None
    assert min(sizes) <= planned <= max(sizes)
