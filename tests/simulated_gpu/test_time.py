"""Time on the simulated GPU: one device serves one batch at a time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.metrics import Stage
from ingestion_worker.device.simulated import physics
from ingestion_worker.device.simulated.ledger import State


def idle() -> State:
    return State(uuid="GPU-1", name="", total=1)


def test_a_batch_waits_for_what_is_reserved_already() -> None:
    state = idle()
    assert state.reserve(2.0, now=100.0) == 102.0
    assert state.reserve(1.0, now=101.0) == 103.0
    assert state.reserve(1.0, now=110.0) == 111.0


def test_utilisation_is_the_busy_share_of_the_last_ten_seconds() -> None:
    state = idle()
    state.reserve(4.0, now=100.0)
    assert state.busy_share(104.0) == pytest.approx(0.4)
    assert state.busy_share(102.0) == pytest.approx(0.2), "what is reserved and still to come does not count"
    assert state.busy_share(112.0) == pytest.approx(0.2)
    assert state.busy_share(120.0) == 0.0


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0.01, 3)), min_size=1, max_size=30))
def test_no_two_batches_overlap_and_utilisation_stays_within_one(batches: list[tuple[float, float]]) -> None:
    state = idle()
    now, busy_until = 1000.0, 0.0
    for pause, seconds in batches:
        now += pause
        end = state.reserve(seconds, now)
        assert end - seconds >= busy_until - 1e-9
        assert end - seconds >= now - 1e-9
        busy_until = end
        assert 0.0 <= state.busy_share(now) <= 1.0 + 1e-9


def test_two_hundred_short_clips_cost_twenty_to_forty_seconds_in_batches_of_two_to_five() -> None:
    t0, t1 = physics.BATCH_SECONDS[Stage.ASR], physics.SIZE_SECONDS[Stage.ASR]
    for batch in (2, 5):
        assert 20 <= 200 / batch * (t0 + t1 * batch) <= 40
