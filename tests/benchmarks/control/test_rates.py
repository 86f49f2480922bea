"""How throughput depends on workers and batches."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.control import physics
from benchmarks.control.rates import Demand, Times, share

TIMES = Times(physics.BATCH_SECONDS, physics.WINDOW_SECONDS)


def speed(workers: int, batch: int, supply: float = float("inf")) -> float:
    return sum(flow.windows for flow in share((Demand(batch, supply),) * workers, TIMES))


def test_more_workers_help_until_the_device_is_busy_and_then_cost() -> None:
    speeds = [speed(workers, 4) for workers in range(1, 9)]
    best = speeds.index(max(speeds))
    assert speeds[: best + 1] == sorted(speeds[: best + 1])
    assert speeds[best:] == sorted(speeds[best:], reverse=True)
    assert speeds[0] < speeds[best] > speeds[-1]


def test_larger_batches_help_ever_less() -> None:
    speeds = [speed(1, batch) for batch in (1, 2, 4, 8, 16, 32, 64)]
    gains = [after / before for before, after in pairwise(speeds)]
    assert min(gains) > 1
    assert gains == sorted(gains, reverse=True)


def test_one_worker_alone_takes_its_host_time_and_its_batch() -> None:
    (flow,) = share((Demand(8),), TIMES)
    assert flow.period == pytest.approx(physics.HOST_SECONDS + TIMES.batch + 8 * TIMES.window)
    assert flow.response == pytest.approx(TIMES.batch + 8 * TIMES.window)


def test_a_source_that_is_slower_than_the_device_sets_the_speed_and_shrinks_the_batches() -> None:
    (flow,) = share((Demand(64, supply=2.0),), TIMES)
    assert flow.windows == pytest.approx(2.0)
    assert flow.starved
    assert flow.batch < 64


@given(
    st.lists(st.builds(Demand, st.integers(1, 64), st.floats(0.1, 50) | st.just(float("inf"))), min_size=1, max_size=8)
)
def test_no_device_is_busier_than_all_the_time_and_no_source_gives_more_than_it_has(demands: list[Demand]) -> None:
    flows = share(tuple(demands), TIMES)
    assert sum(flow.busy for flow in flows) <= 1.05
    for demand, flow in zip(demands, flows, strict=True):
        assert 1 <= flow.batch <= demand.batch
        assert flow.windows <= demand.supply * 1.001
