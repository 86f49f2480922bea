"""However many attempts there are, a report holds what a chart can show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.records import Timeline
from ingestion_worker.report.history import history
from ingestion_worker.report.thinning import thinned
from tests.worker.report.sample import GIB, sample_at, timeline


def attempt(shard: int, length: int) -> Timeline:
    """One that heard a second of audio each second, with a peak of memory and an error in its middle."""
    return timeline(
        shard,
        [
            sample_at(
                at,
                audio_seconds=float(at),
                own_bytes=GIB,
                used_bytes=(9 if at == length // 2 else 2) * GIB,
                total_bytes=24 * GIB,
                oom_events=int(at > length // 2),
            )
            for at in range(length)
        ],
    )


def test_few_timelines_are_kept_as_they_are() -> None:
    timelines = [attempt(0, 100), attempt(1, 50)]
    assert thinned(timelines, 150) == timelines


@given(st.lists(st.integers(1, 60), min_size=1, max_size=12), st.integers(2, 100))
def test_there_are_never_more_samples_than_asked_for_and_each_keeps_its_ends(lengths: list[int], most: int) -> None:
    timelines = [attempt(shard, length) for shard, length in enumerate(lengths)]
    kept = thinned(timelines, most)
    ends = 2 * len(timelines)
    assert sum(len(one.samples) for one in kept) <= max(most, ends)
    for before, after in zip(timelines, kept, strict=True):
        assert after.samples[0].at == before.samples[0].at
        assert after.samples[-1].at == before.samples[-1].at
        assert len(after.samples) <= len(before.samples)


def test_peaks_errors_and_audio_stay() -> None:
    found = history(thinned([attempt(shard, 600) for shard in range(4)], 100))
    assert found is not None
    assert found.time.seconds == 599
    assert found.oom_events == 4
    assert sum(found.throughput) * found.bin_seconds == pytest.approx(4 * 599)
    assert max(used for used in found.devices[0].used if used) == 9 * GIB
