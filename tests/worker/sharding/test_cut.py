"""The cut into shards."""

from hypothesis import given
from hypothesis import strategies as st

from ingestion_worker.steps import shards

durations = st.lists(st.none() | st.floats(0, 40_000), max_size=80)
caps = st.integers(1, 30)


@given(durations, caps)
def test_shards_are_a_partition_of_the_list(seconds: list[float | None], cap: int) -> None:
    cut = shards.cut(seconds, cap)
    assert sorted(position for shard in cut for position in shard) == list(range(len(seconds)))
    assert all(1 <= len(shard) <= cap for shard in cut)


@given(st.lists(st.floats(1, 40_000), min_size=1, max_size=80), caps)
def test_the_longest_come_first(seconds: list[float], cap: int) -> None:
    for shard in shards.cut(seconds, cap):
        assert [seconds[position] for position in shard] == sorted((seconds[p] for p in shard), reverse=True)


@given(st.integers(1, 300), caps)
def test_equal_videos_are_spread_evenly(count: int, cap: int) -> None:
    sizes = [len(shard) for shard in shards.cut([60.0] * count, cap)]
    assert max(sizes) - min(sizes) <= 1


def test_long_videos_make_more_shards_than_the_cap_asks_for() -> None:
    hours = [float(hour) for hour in range(1, 10)] * 5
    cut = shards.cut([3600 * hour for hour in hours], videos_per_shard=25)
    assert len(cut) == 22
    loads = [sum(hours[position] for position in shard) for shard in cut]
    assert max(loads) - min(loads) <= 2


def test_two_hundred_short_clips_are_cut_by_the_cap_alone() -> None:
    assert [len(shard) for shard in shards.cut([4.0] * 200, 25)] == [25] * 8


def test_no_shard_is_empty_where_videos_have_no_length() -> None:
    assert [len(shard) for shard in shards.cut([0.0] * 4, 2)] == [2, 2]
    assert [len(shard) for shard in shards.cut_for_workers([0.0, 0.0], 2)] == [1, 1]
