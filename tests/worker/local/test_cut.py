"""A local run has a shard for each worker."""

from hypothesis import given
from hypothesis import strategies as st

from ingestion_worker.steps import shards


@given(st.lists(st.none() | st.floats(0, 40_000), max_size=80), st.integers(1, 12))
def test_there_are_as_many_shards_as_workers_unless_there_are_fewer_videos(
    seconds: list[float | None], count: int
) -> None:
    cut = shards.cut_into(seconds, count)
    assert len(cut) == min(count, len(seconds))
    assert all(cut)
    assert sorted(position for shard in cut for position in shard) == list(range(len(seconds)))


def test_their_loads_are_about_equal() -> None:
    seconds = [float(3600 * hours) for hours in range(1, 10)] * 3
    loads = [sum(seconds[position] for position in shard) for shard in shards.cut_into(seconds, 4)]
    assert max(loads) - min(loads) <= 3600
