"""Timelines of many attempts become one history."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.metrics import Stage, WorkerState
from ingestion_worker.report.history import MOST_BINS, history
from tests.worker.report.sample import GIB, sample_at, timeline


def test_nothing_recorded_is_no_history() -> None:
    assert history([]) is None
    assert history([timeline(0, [])]) is None


def test_workers_that_overlap_share_an_axis_and_are_counted_by_state() -> None:
    found = history(
        [
            timeline(0, [sample_at(second) for second in range(0, 21, 2)]),
            timeline(1, [sample_at(s, state=WorkerState.WAITING_FOR_MEMORY) for s in range(10, 21, 2)]),
        ]
    )
    assert found is not None
    assert found.time.seconds == 20
    assert found.states[WorkerState.WORKING] == [1] * 10
    assert found.states[WorkerState.WAITING_FOR_MEMORY] == [0] * 5 + [1] * 5


def test_attempts_that_follow_each_other_within_one_bin_are_one_worker() -> None:
    """A worker that crashes every 20 s of a long day is one worker, and holds its memory once."""
    memory = {"own_bytes": 5 * GIB, "used_bytes": 6 * GIB, "total_bytes": 24 * GIB}
    long = timeline(0, [sample_at(second, **memory) for second in range(0, 40_000, 100)])
    short = [timeline(1, [sample_at(at, **memory), sample_at(at + 20, **memory)]) for at in range(1000, 1160, 20)]
    found = history([long, *reversed(short)])
    assert found is not None
    assert found.bin_seconds > 160
    assert max(found.states[WorkerState.WORKING]) == 2
    (device,) = found.devices
    assert max(own for own in device.own if own) == 10 * GIB
    assert found.attempts == 9


def test_attempts_on_other_devices_do_not_take_each_others_place() -> None:
    memory = {"own_bytes": 5 * GIB, "total_bytes": 24 * GIB}
    found = history(
        [
            timeline(0, [sample_at(0, **memory), sample_at(1, **memory)], gpu_uuid="GPU-1"),
            timeline(1, [sample_at(1, **memory), sample_at(2, **memory)], gpu_uuid="GPU-2"),
        ]
    )
    assert found is not None
    assert [[own for own in device.own if own] for device in found.devices] == [[5 * GIB], [5 * GIB]]


def test_a_night_between_two_attempts_is_cut_out_of_the_axis_and_told() -> None:
    found = history([timeline(0, [sample_at(0), sample_at(60)]), timeline(0, [sample_at(36_000), sample_at(36_030)])])
    assert found is not None
    assert found.time.seconds == 90
    assert [(pause.at, pause.lasted) for pause in found.time.pauses] == [(60, timedelta(seconds=35_940))]


def test_a_peak_between_two_bins_is_not_lost_and_workers_memory_adds_up() -> None:
    memory = {"total_bytes": 24 * GIB}
    first = [sample_at(s, used_bytes=(23 if s == 1001 else 10) * GIB, own_bytes=5 * GIB, **memory) for s in range(2000)]
    second = [sample_at(s, used_bytes=10 * GIB, own_bytes=4 * GIB, **memory) for s in range(2000)]
    found = history([timeline(0, first), timeline(1, second)])
    assert found is not None
    (device,) = found.devices
    assert len(device.used) <= MOST_BINS
    assert max(value for value in device.used if value) == 23 * GIB
    assert set(device.own) == {9 * GIB}


def test_each_out_of_memory_error_has_its_moment() -> None:
    counts = {0: 0, 10: 0, 20: 1, 30: 3, 40: 3}
    found = history([timeline(0, [sample_at(second, oom_events=count) for second, count in counts.items()])])
    assert found is not None
    assert found.oom == {20.0: 1, 30.0: 2}
    assert found.oom_events == 3


def test_the_limiting_stage_is_the_one_whose_threads_were_busy_most() -> None:
    busy = {Stage.FETCH: 200.0, Stage.ASR: 80.0, Stage.EMBED: 15.0}
    found = history([timeline(0, [sample_at(0), sample_at(100, stage_seconds=busy)], stage_threads={Stage.FETCH: 4})])
    assert found is not None
    assert found.limiting is Stage.ASR
    shares = {stage.stage: stage.busy for stage in found.stages}
    assert shares[Stage.FETCH] == pytest.approx(0.5)
    assert shares[Stage.ASR] == pytest.approx(0.8)


@given(st.lists(st.tuples(st.integers(0, 5000), st.lists(st.integers(0, 300), min_size=1, max_size=20)), min_size=1))
def test_no_audio_is_lost_or_made_up(attempts: list[tuple[int, list[int]]]) -> None:
    timelines, heard = [], 0
    for shard, (start, gains) in enumerate(attempts):
        samples, audio = [sample_at(start)], 0
        for at, gain in enumerate(gains):
            audio += gain
            samples.append(sample_at(start + 7 * (at + 1), audio_seconds=float(audio)))
        heard += audio
        timelines.append(timeline(shard, samples))
    found = history(timelines)
    assert found is not None
    assert sum(found.throughput) * found.bin_seconds == pytest.approx(heard)
