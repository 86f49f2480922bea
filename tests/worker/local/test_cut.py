"""The cut of a local run: a shard a worker, and more where each is worth another load of the models."""

from hypothesis import given
from hypothesis import strategies as st

from ingestion_worker.steps import shards

HOUR = 3600.0


@given(st.lists(st.none() | st.floats(0, 40_000), max_size=80), st.integers(1, 12))
def test_every_worker_has_something_to_do_unless_there_are_fewer_videos(
    seconds: list[float | None], workers: int
) -> None:
    cut = shards.cut_for_workers(seconds, workers)
    assert min(workers, len(seconds)) <= len(cut) <= min(4 * workers, len(seconds))
    assert all(cut)
    assert sorted(position for shard in cut for position in shard) == list(range(len(seconds)))


def test_a_long_run_leaves_shards_for_more_workers_than_it_was_begun_with() -> None:
    assert len(shards.cut_for_workers([HOUR] * 40, 1)) == 4
    assert len(shards.cut_for_workers([HOUR] * 40, 3)) == 12


def test_a_short_run_does_not_load_its_models_again_for_a_few_minutes() -> None:
    assert len(shards.cut_for_workers([600.0] * 10, 1)) == 1
    assert len(shards.cut_for_workers([HOUR] * 6, 1)) == 3


def test_their_loads_are_about_equal() -> None:
    seconds = [HOUR * hours for hours in range(1, 10)] * 3
    cut = shards.cut_for_workers(seconds, 4)
    assert len(cut) == 16
    loads = [sum(seconds[position] for position in shard) for shard in cut]
    assert max(loads) - min(loads) <= 3 * HOUR
