"""A worker that cannot fit waits for room, for a while, and is not ready meanwhile."""

import pytest

from dev.sample_media.server import SampleServer
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.summary import ShardSummary
from ingestion_worker.device.simulated import add_neighbour, create, physics, remove_neighbour, usage
from tests.worker.support.runs import Workspace, wait_for

pytestmark = pytest.mark.long

GIB = physics.GIB


@pytest.fixture
def crowded(workspace: Workspace, sample: SampleServer) -> Workspace:
    """A run of two videos, and a GPU of which a neighbour holds 20 of 24 GiB."""
    create(workspace.gpu, 24 * GIB)
    add_neighbour(workspace.gpu, "neighbour", 20 * GIB)
    workspace.write_run([sample.feed_url], source={"limit": 2})
    assert workspace.finish("discover")[0] == 0
    return workspace


def test_it_goes_on_when_there_is_room(crowded: Workspace) -> None:
    with crowded.worker(0) as worker:
        wait_for(lambda: worker.ready() == (503, "waiting_for_memory"), "the worker waits")
        assert usage(crowded.gpu).oom_events == 1
        remove_neighbour(crowded.gpu, "neighbour")
        assert worker.end() == ExitCode.DONE
    assert len(crowded.manifests()) == 2


def test_with_the_operators_floor_it_does_not_even_try(crowded: Workspace) -> None:
    crowded.write_limits(revision=7, floorBytes=int(8.6 * GIB))
    with crowded.worker(0) as worker:
        wait_for(lambda: worker.ready() == (503, "waiting_for_memory"), "the worker waits")
        assert worker.metrics()["ingestion_limits_revision"] == 7
        assert usage(crowded.gpu).oom_events == 0
        assert worker.terminate() == ExitCode.STOPPED


def test_a_budget_below_the_floor_is_no_room_beside_a_neighbour(crowded: Workspace) -> None:
    remove_neighbour(crowded.gpu, "neighbour")
    add_neighbour(crowded.gpu, "small", GIB)
    crowded.write_limits(revision=1, floorBytes=int(8.6 * GIB), budgetBytes=8 * GIB)
    with crowded.worker(0) as worker:
        wait_for(lambda: worker.ready() == (503, "waiting_for_memory"), "the worker waits")
        crowded.write_limits(revision=2, floorBytes=int(8.6 * GIB), budgetBytes=10 * GIB)
        assert worker.end() == ExitCode.DONE


def test_it_ends_with_85_and_what_it_measured_when_waiting_did_not_help(crowded: Workspace) -> None:
    with crowded.worker(0, "--memory-wait-seconds", "1") as worker:
        assert worker.end() == ExitCode.MEMORY_EXHAUSTED
    summary = crowded.summary("message-0")
    assert isinstance(summary, ShardSummary)
    assert summary.oom_events == 2, "both models at a time, and then the embedder alone"
    assert summary.memory is not None
    assert summary.memory.floor_bytes is None
    assert summary.memory.gpu_uuid == usage(crowded.gpu).uuid
    assert summary.memory.stage == "embed"
    assert summary.memory.total_bytes == 24 * GIB
    assert summary.memory.used_bytes > 20 * GIB
    assert summary.memory.own_bytes == pytest.approx(0.65 * GIB, abs=10)
    assert crowded.manifests() == {}
