import pytest

from ingestion_operator.decision.policies.bounds import bounds
from tests.operator.kit import make_run, make_sample, situation


def test_a_lowered_maximum_is_kept_at_once() -> None:
    verdict = bounds(situation([make_sample()] * 4, run=make_run({"initial": 2, "max": 3})))
    assert verdict is not None
    assert (verdict.value, verdict.ceiling) == (3, False)


def test_a_raised_minimum_is_kept_at_once() -> None:
    verdict = bounds(situation([make_sample()], run=make_run({"min": 2})))
    assert verdict is not None
    assert verdict.value == 2


def test_within_the_bounds_nothing_is_said() -> None:
    assert bounds(situation([make_sample()] * 4)) is None


@pytest.mark.parametrize("low", [1, 4])
def test_there_are_no_more_workers_than_videos_per_hour(low: int) -> None:
    """Each has a share of one at the least, so that more of them would exceed the run's egress budget."""
    source = {"urls": ["https://videos.example/list"], "videosPerHour": 3}
    verdict = bounds(situation([make_sample()] * 4, run=make_run({"min": low}, spec={"source": source})))
    assert verdict is not None
    assert verdict.value == 3
    assert verdict.message.startswith("spec.workers.parallelism and spec.source.videosPerHour allow")
