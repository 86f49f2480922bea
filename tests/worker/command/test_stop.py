"""SIGTERM at any moment ends a step with 143, soon and without a traceback."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dev.sample_media.server import SampleServer
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.records import Video
from ingestion_contract.summary import ErrorSummary, ShardSummary
from ingestion_worker.conclusion import Conclusion
from ingestion_worker.output import video_list
from ingestion_worker.output.store import Store
from tests.worker.support.in_process import Bench
from tests.worker.support.runs import UID, Worker, Workspace, run_of, wait_for
from tests.worker.support.stand_ins import LOAD_HANGS


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A source that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        yield server


def url(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}/video"


def listed(workspace: Workspace, url: str) -> None:
    workspace.write_run([url])
    video_list.write_once(Store(f"file://{workspace.output}"), UID, [Video(id="test:1", url=url)], [[0]])


def is_quiet(log: Path) -> None:
    assert "Traceback" not in log.read_text()


@contextmanager
def discovering(workspace: Workspace) -> Iterator[Worker]:
    with (
        (workspace.root / "log").open("w") as log,
        subprocess.Popen(workspace.arguments("discover"), env=workspace.environment(), stderr=log) as process,
    ):
        try:
            yield Worker(process, "", workspace.root / "log", workspace.root / "message")
        finally:
            process.kill()


def test_before_the_commands_are_imported() -> None:
    script = (
        "import os, signal, sys, types\n"
        "class Commands(types.ModuleType):\n"
        "    def __getattr__(self, name):\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "sys.modules['ingestion_worker.commands'] = Commands('commands')\n"
        "from ingestion_worker.cli import app; app()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (ExitCode.STOPPED, "")


def test_while_a_model_keeps_the_main_thread_in_c(workspace: Workspace) -> None:
    listed(workspace, "http://unused")
    with workspace.worker(0, **{LOAD_HANGS: "1"}) as worker:
        wait_for(lambda: worker.ready() == (200, "starting"), "the worker loads its models")
        wait_for(lambda: LOAD_HANGS in worker.log.read_text(), "the load hangs")
        assert worker.terminate() == ExitCode.STOPPED
    is_quiet(worker.log)
    assert isinstance(workspace.summary("message-0"), ErrorSummary)


def test_while_the_first_video_is_fetched(workspace: Workspace, silent: socket.socket) -> None:
    listed(workspace, url(silent))
    with workspace.worker(0) as worker:
        connection, _ = silent.accept()
        with connection:
            assert worker.terminate() == ExitCode.STOPPED
    is_quiet(worker.log)
    summary = workspace.summary("message-0")
    assert isinstance(summary, ShardSummary)
    assert (summary.total, summary.succeeded, summary.failed, summary.skipped) == (1, 0, 0, 0)


def test_while_the_source_is_listed(workspace: Workspace, silent: socket.socket) -> None:
    workspace.write_run([url(silent)])
    with discovering(workspace) as step:
        connection, _ = silent.accept()
        with connection:
            assert step.terminate() == ExitCode.STOPPED
    is_quiet(step.log)
    summary = workspace.summary()
    assert isinstance(summary, ErrorSummary)
    assert summary.reason == "Stopped"


def test_before_anything_was_fetched(bench: Bench, sample: SampleServer) -> None:
    bench.list([f"{sample.url}/watch/sample-001.html"])
    bench.stop.set()
    assert bench.work(run_of(["http://unused"])).code is ExitCode.STOPPED


def test_with_the_last_video_it_is_0_since_nothing_is_left(
    bench: Bench, sample: SampleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.list([f"{sample.url}/watch/sample-001.html"])
    monkeypatch.setattr(bench.metrics, "count_video", lambda *_: bench.stop.set())
    conclusion: Conclusion = bench.work(run_of(["http://unused"]))
    assert conclusion.code is ExitCode.DONE
