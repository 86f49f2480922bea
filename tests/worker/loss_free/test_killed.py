"""A worker that is killed and started again loses nothing and does nothing twice."""

import random

import pytest

from dev.sample_media.sentences import expected
from dev.sample_media.server import SampleServer
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.metrics import Result
from ingestion_contract.summary import FinishSummary, ShardSummary
from ingestion_worker.device.simulated import create, physics, usage
from tests.worker.support.runs import Workspace, wait_for

VIDEOS = 20
"""One of them was removed."""

EXPECTED = expected(VIDEOS)


@pytest.fixture
def listed(workspace: Workspace, sample: SampleServer) -> Workspace:
    create(workspace.gpu, 24 * physics.GIB)
    workspace.write_run([sample.feed_url], source={"limit": VIDEOS}, workers={"videosPerShard": VIDEOS})
    assert workspace.finish("discover")[0] == 0
    return workspace


def is_complete(workspace: Workspace) -> None:
    """Every video is there exactly once, and was made in one attempt only."""
    manifests, outcomes = workspace.manifests(), workspace.outcomes()
    assert set(manifests) == {f"generic:{video.id}" for video in EXPECTED.available}
    assert len(outcomes) == VIDEOS
    assert {outcomes[name].result for name in manifests} == {Result.SUCCEEDED}
    code, result = workspace.finish("finish")
    assert isinstance(result, FinishSummary)
    assert (code, result.total, result.succeeded, result.failed) == (0, VIDEOS, len(EXPECTED.available), 0)
    assert result.reasons == {"Gone": len(EXPECTED.unavailable)}


@pytest.mark.parametrize("seed", range(2))
def test_killed_at_any_moment_it_goes_on_where_it_was(listed: Workspace, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(2):
        more = len(listed.manifests()) + chance.randint(1, 6)
        with listed.worker(0) as worker:
            wait_for(lambda more=more: len(listed.manifests()) >= more, f"{more} videos are there")  # type: ignore[misc]
            worker.process.kill()
            worker.end()
    before = listed.manifests()
    assert usage(listed.gpu).used == 0
    with listed.worker(0) as worker:
        assert worker.end() == ExitCode.DONE
    is_complete(listed)
    after = listed.manifests()
    assert {name: after[name] for name in before} == before, "what was there was not made again"


def test_asked_to_stop_it_commits_what_is_finished_and_says_so(listed: Workspace) -> None:
    with listed.worker(0) as worker:
        wait_for(lambda: len(listed.manifests()) >= 2, "two videos are there")
        assert worker.terminate() == ExitCode.STOPPED
    summary = listed.summary("message-0")
    assert isinstance(summary, ShardSummary)
    assert 2 <= summary.succeeded == len(listed.manifests()) < len(EXPECTED.available)
    with listed.worker(0) as worker:
        assert worker.end() == ExitCode.DONE
    is_complete(listed)
    again = listed.summary("message-0")
    assert isinstance(again, ShardSummary)
    assert again.succeeded + again.skipped == again.total == VIDEOS, "totals since the first attempt"
