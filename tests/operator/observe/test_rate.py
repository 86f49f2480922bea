"""The pace of a run with the present number of workers."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.metrics import WorkerState
from ingestion_contract.status import IngestionRunStatus
from ingestion_contract.summary import MAX_COUNT
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.snapshot import Rate
from ingestion_operator.observe.rate import LONGEST, RateMeter
from ingestion_operator.observe.worker_sample import WorkerSample
from tests.operator.kit import ago, make_pod, make_sample, make_snapshot, make_status


def at(seconds: float, heard: Sequence[int], status: IngestionRunStatus | None = None, **fields: object) -> Situation:
    """What is seen so many seconds after the beginning."""
    samples = [make_sample(at=ago(-seconds), audio_seconds=count, **fields) for count in heard]  # type: ignore[arg-type]
    return Situation(make_snapshot(samples, status=status or make_status(len(samples))), ago(-seconds))


def measured(*situations: Situation) -> Rate | None:
    meter = RateMeter()
    for situation in situations:
        meter.add(situation)
    return meter.rate()


def test_it_is_what_all_workers_hear_together() -> None:
    assert measured(at(0, [100, 50]), at(60, [160, 80])) == Rate(90 * 60, None, 60.0)


def test_utilisation_is_the_average_over_time_and_devices() -> None:
    rate = measured(at(0, [0, 0]), at(30, [9, 9], utilisation=0.5), at(60, [9, 9], utilisation=1.0))
    assert rate is not None
    assert rate.utilisation == pytest.approx(0.75)


def test_it_begins_when_all_wanted_workers_are_at_work() -> None:
    loading = at(0, [5], state=WorkerState.STARTING)
    too_few = at(10, [9], make_status(2))
    assert measured(loading, too_few) is None
    assert measured(loading, too_few, at(20, [20]), at(80, [50])) == Rate(1800, None, 60.0)


def test_it_does_not_count_while_others_are_on_their_way_out() -> None:
    leaving = at(30, [60])
    pods = (*leaving.snapshot.pods, make_pod(7, deleting=True))
    assert measured(at(0, [0]), Situation(replace(leaving.snapshot, pods=pods), leaving.now)) is None


def test_it_begins_anew_when_the_lever_is_moved() -> None:
    moved = make_status(1, changed_at=ago(-50))
    situations = at(0, [0]), at(40, [400]), at(60, [420], moved), at(90, [430], moved)
    assert measured(*situations[:3]) is None
    assert measured(*situations) == Rate(1200, None, 30.0)


def test_a_worker_that_starts_anew_with_the_next_shard_is_part_of_the_pace() -> None:
    before, after = at(0, [100]), at(60, [30])
    another = replace(after.snapshot, pods=(make_pod(7),), samples={make_pod(7).uid: make_sample(audio_seconds=30)})
    later = Situation(replace(another, samples={make_pod(7).uid: make_sample(at=ago(-60), audio_seconds=30)}), ago(-60))
    assert measured(before, later) == Rate(1800, None, 60.0)


def test_the_duty_is_the_share_of_time_in_which_wanted_workers_are_at_work() -> None:
    loading = [at(10 * step, [0, 0], state=WorkerState.STARTING) for step in range(3, 5)]
    rate = measured(
        *(at(10 * step, [0, 0]) for step in range(3)), *loading, *(at(10 * step, [0, 0]) for step in range(5, 7))
    )
    assert rate is not None
    assert rate.duty == pytest.approx(4 / 6, rel=0.02)


def test_what_happened_long_ago_is_not_the_present_pace() -> None:
    minutes = [at(60 * minute, [600 if minute else 0]) for minute in range(30)]
    rate = measured(*minutes)
    assert rate is not None
    assert rate.audio_seconds_per_hour == 0
    assert rate.seconds <= LONGEST.total_seconds() + 60


def test_the_same_reading_twice_is_one_reading() -> None:
    assert measured(at(0, [0]), at(60, [60]), at(60, [60])) == Rate(3600, None, 60.0)


SAMPLES = st.builds(
    WorkerSample,
    at=st.integers(-100, 100).map(ago),
    state=st.none() | st.sampled_from(WorkerState),
    gpu_uuid=st.none() | st.sampled_from("ab"),
    utilisation=st.none() | st.floats(0, 1),
    audio_seconds=st.integers(0, MAX_COUNT),
)


@given(st.lists(st.tuples(st.integers(-100, 100), st.lists(SAMPLES, min_size=1, max_size=3)), max_size=8))
def test_whatever_workers_say_it_is_a_rate_that_a_status_can_hold(looks: list[tuple[int, list[WorkerSample]]]) -> None:
    rate = measured(*(Situation(make_snapshot(samples), ago(seconds)) for seconds, samples in looks))
    if rate is not None:
        assert 0 <= rate.audio_seconds_per_hour <= MAX_COUNT
        assert rate.seconds > 0
        assert rate.utilisation is None or -1e-9 <= rate.utilisation <= 1 + 1e-9
