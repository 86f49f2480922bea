"""What another number of workers would be worth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.limits import MAX_WINDOWS
from ingestion_operator.decision.snapshot import Rate
from ingestion_operator.decision.throughput import (
    SATURATED,
    SWITCH_LOSS,
    Pace,
    batch_of,
    efficiency,
    gain,
    pace,
    used_share,
)
from tests.operator.kit import GIB, make_sample, situation

SLOPE = GIB // 5
WORKER = make_sample(batch_size=5, batch_overhead=5.0, window_bytes=SLOPE)


def test_the_pace_is_what_most_workers_say() -> None:
    assert pace(situation([WORKER] * 2, rate=Rate(3600, 0.8, 60.0))) == Pace(2, 0.8, 5, 5.0)


@pytest.mark.parametrize("rate", [None, Rate(3600, None, 60.0), Rate(3600, 0.8, 29.0)])
def test_it_is_not_known_before_it_was_measured(rate: Rate | None) -> None:
    assert pace(situation([WORKER] * 2, rate=rate)) is None


def test_a_worker_that_waits_for_windows_looks_busier_than_it_is() -> None:
    """It takes what is there, so its batches are small."""
    known = Pace(1, SATURATED, 2, 5.0)
    assert used_share(situation([WORKER]), known) == pytest.approx(efficiency(2, 5.0) / efficiency(52, 5.0), rel=0.01)


def test_fewer_workers_can_have_larger_batches() -> None:
    current = situation([WORKER] * 2)
    assert batch_of(current, 2) == 1 + (int(24 * GIB * 0.8) * 98 // 200 - int(8.6 * GIB)) // SLOPE
    assert batch_of(current, 1) == 1 + (int(24 * GIB * 0.8) * 98 // 100 - int(8.6 * GIB)) // SLOPE


def test_a_saturated_device_gains_by_larger_batches_alone() -> None:
    known = Pace(2, SATURATED, 5, 5.0, queued=True)
    assert gain(situation([WORKER] * 2), known, 1) == pytest.approx(
        1.03 * efficiency(52, 5.0) / efficiency(5, 5.0), rel=0.01
    )


def test_an_idle_device_gains_in_proportion_until_it_is_busy() -> None:
    current = situation([make_sample(gib=80, batch_size=8, batch_overhead=5.0, window_bytes=SLOPE)])
    known = Pace(1, 0.2, 8, 5.0)
    assert gain(current, known, 2) == pytest.approx(2.0)
    assert gain(current, known, 3) == pytest.approx(3.0)
    assert gain(current, known, 8) == pytest.approx(
        SATURATED / (1 + 7 * SWITCH_LOSS) * efficiency(1, 5.0) / known.speed
    )


def test_where_workers_are_often_between_two_shards_more_of_them_keep_the_device_fed() -> None:
    known = Pace(1, SATURATED, 20, 5.0, duty=0.6, queued=True)
    current = situation([make_sample(gib=80, batch_size=20, window_bytes=SLOPE)])
    assert gain(current, known, 2) == pytest.approx(
        0.84 / 0.6 / 1.03 * efficiency(64, 5.0) / efficiency(20, 5.0), rel=0.01
    )


@given(st.integers(1, 500), st.integers(1, 500), st.floats(0.01, 64))
def test_larger_batches_never_use_a_device_worse(one: int, other: int, overhead: float) -> None:
    smaller, larger = sorted((one, other))
    assert 0 < efficiency(smaller, overhead) <= efficiency(larger, overhead) < 1


@given(st.integers(1, 12), st.integers(1, 12), st.sampled_from([12, 16, 24, 80, 141]))
def test_more_workers_never_have_larger_batches(one: int, other: int, gib: int) -> None:
    current = situation([make_sample(gib=gib, batch_size=5, batch_overhead=5.0, window_bytes=SLOPE)])
    fewer, more = sorted((one, other))
    sizes = batch_of(current, fewer), batch_of(current, more)
    assert sizes[0] is not None
    assert sizes[1] is not None
    assert 1 <= sizes[1] <= sizes[0] <= MAX_WINDOWS


def test_where_memory_ran_out_within_the_budgets_fewer_workers_have_larger_batches_and_more_no_larger_ones() -> None:
    """The device holds less than was measured: workers allow themselves 2 windows, though their budgets allow 6."""
    current = situation([make_sample(batch_size=2, batch_overhead=5.0, window_bytes=SLOPE)] * 2)
    by_source, by_memory = (Pace(2, SATURATED, 2, 5.0, allowed, queued=True) for allowed in (None, 2))
    assert (gain(current, by_source, 1) or 0) < 1.05
    assert (gain(current, by_memory, 1) or 0) > 3
    assert (gain(current, by_memory, 2) or 0) == pytest.approx(1.0)
