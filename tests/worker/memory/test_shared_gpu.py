"""Four workers start together on one GPU, as in the founding incident. Nobody sets limits."""

from contextlib import ExitStack

import pytest

from dev.sample_media.sentences import expected
from dev.sample_media.server import SampleServer
from ingestion_contract import metrics as names
from ingestion_contract.summary import FinishSummary, ShardSummary
from ingestion_worker.device.simulated import create, physics, usage
from tests.worker.support.runs import Worker, Workspace, wait_for

pytestmark = pytest.mark.long

WORKERS = 4
VIDEOS = 40
THERE = len(expected(VIDEOS).available)
ADDRESSES = [f"127.0.9.{n + 1}" for n in range(WORKERS)]


def start_all(workspace: Workspace, sample: SampleServer, gib: int, videos: int, stack: ExitStack) -> list[Worker]:
    create(workspace.gpu, gib * physics.GIB)
    workspace.write_run([sample.feed_url], source={"limit": videos}, workers={"videosPerShard": videos // WORKERS})
    assert workspace.finish("discover")[0] == 0
    return [stack.enter_context(workspace.worker(n, address=ADDRESSES[n])) for n in range(WORKERS)]


def standing(worker: Worker) -> str:
    status, state = worker.ready()
    return "waits" if status == 503 else "loads" if state == "starting" else "works"


def oom_events(worker: Worker) -> float:
    return sum(value for name, value in worker.metrics().items() if name.startswith(names.OOM_EVENTS))


def test_on_24_gib_two_work_and_two_wait_until_there_is_room_and_nothing_is_lost(
    workspace: Workspace, sample: SampleServer
) -> None:
    with ExitStack() as stack:
        workers = start_all(workspace, sample, 24, VIDEOS, stack)
        wait_for(lambda: sorted(map(standing, workers)) == ["waits", "waits", "works", "works"], "two work")
        working = [worker for worker in workers if standing(worker) == "works"]
        waiting = [worker for worker in workers if worker not in working]
        wait_for(lambda: {worker.ready() for worker in waiting} == {(503, "waiting_for_memory")}, "two wait")
        assert [oom_events(worker) for worker in working] == [0, 0]
        assert [worker.metrics()[names.OOM_EVENTS + '{kind="load",stage="embed"}'] for worker in waiting] == [1, 1]
        assert working[0].metrics()[names.FLOOR_MEMORY] / physics.GIB == pytest.approx(8.6, abs=0.05)
        assert waiting[0].metrics()[names.OWN_MEMORY] / physics.GIB == pytest.approx(0.65)
        assert usage(workspace.gpu).used < 0.8 * usage(workspace.gpu).total
        assert [worker.end() for worker in workers] == [0] * WORKERS
    assert len(workspace.manifests()) == THERE
    assert usage(workspace.gpu).used == 0
    assert usage(workspace.gpu).peak <= usage(workspace.gpu).total
    summaries = [workspace.summary(f"message-{n}") for n in range(WORKERS)]
    assert sum(summary.succeeded for summary in summaries if isinstance(summary, ShardSummary)) == THERE
    code, result = workspace.finish("finish")
    assert isinstance(result, FinishSummary)
    assert (code, result.total, result.succeeded, result.skipped) == (0, VIDEOS, THERE, VIDEOS - THERE)


def test_on_40_gib_all_four_load_and_memory_never_runs_out(workspace: Workspace, sample: SampleServer) -> None:
    with ExitStack() as stack:
        workers = start_all(workspace, sample, 40, 5 * WORKERS, stack)
        wait_for(lambda: usage(workspace.gpu).used > 0.85 * 40 * physics.GIB, "all four are loaded")
        assert [worker.end() for worker in workers] == [0] * WORKERS
    assert usage(workspace.gpu).oom_events == 0
    assert len(workspace.manifests()) == len(expected(5 * WORKERS).available)
