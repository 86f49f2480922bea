"""A worker that is killed and started again loses nothing and does nothing twice."""

import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dev.sample_media.sentences import expected
from dev.sample_media.server import SampleServer
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.metrics import Result
from ingestion_contract.summary import FinishSummary, ShardSummary
from ingestion_worker.device.simulated import create, physics, usage
from tests.worker.support.http_source import Answer, HttpSource
from tests.worker.support.runs import Workspace, wait_for

pytestmark = pytest.mark.long

WORKS = [(200, "working"), (200, "waiting_for_source")]
KILLS = 20
SEED = 7

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


def test_killed_at_twenty_random_moments_it_gives_the_output_of_an_undisturbed_run(
    tmp_path: Path, sample: SampleServer, source: HttpSource, half_an_hour: bytes
) -> None:
    talk = source.set("/talk.wav", Answer(half_an_hour, kind="audio/wav"))
    undisturbed, killed = (prepared(tmp_path / name, [sample.feed_url, talk]) for name in ("undisturbed", "killed"))
    with undisturbed.worker(0) as worker:
        assert worker.end() == ExitCode.DONE
    chance = random.Random(SEED)
    for _ in range(KILLS):
        before = killed.manifests()
        with killed.worker(0) as worker:
            wait_for(lambda worker=worker: worker.ended or worker.ready() in WORKS, "it works")  # type: ignore[misc]
            worker.kill_after(chance.uniform(0, 3))
        assert usage(killed.gpu).used == 0
        assert before.items() <= killed.manifests().items(), "what was there was not made again"
    with killed.worker(0) as worker:
        assert worker.end() == ExitCode.DONE
    assert len(killed.outcomes()) == VIDEOS + 1
    assert content(killed) == content(undisturbed)
    assert len(content(killed)) == len(EXPECTED.available) + 1


def prepared(root: Path, urls: list[str]) -> Workspace:
    """A workspace with a simulated GPU and the list of a run's videos, all in one shard."""
    root.mkdir()
    workspace = Workspace(root)
    create(workspace.gpu, 24 * physics.GIB)
    workspace.write_run(urls, source={"limit": VIDEOS + 1}, workers={"videosPerShard": VIDEOS + 1})
    assert workspace.finish("discover")[0] == 0
    return workspace


def content(workspace: Workspace) -> dict[str, tuple[str, list[object]]]:
    """What is there of each video: its transcript, and its chunks with their vectors."""
    found = {}
    for name, manifest in workspace.manifests().items():
        transcript = next(file for file in workspace.transcript(manifest).files if file.path.endswith(".jsonl"))
        chunks = pq.read_table(workspace.output / manifest.files[0].path)
        found[name] = ((workspace.output / transcript.path).read_text(), chunks.to_pylist())
    return found


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
