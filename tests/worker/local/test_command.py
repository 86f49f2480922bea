"""`ingest run` as a person starts it, with stand-ins for the models."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from dev.sample_media.server import SampleServer
from ingestion_contract import pod
from ingestion_contract.exit_codes import ExitCode
from ingestion_worker.commands import app
from ingestion_worker.device.simulated import create, physics, usage
from tests.worker.support.http_source import Answer, HttpSource, page
from tests.worker.support.runs import PATIENCE_SECONDS, REPOSITORY, STAND_IN, wait_for

pytestmark = pytest.mark.long

CAPTIONS = "WEBVTT\n\n00:00.000 --> 00:02.000\nhello from the captions\n"


class Local:
    """A folder, and `ingest run` in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder / "out"
        self.gpu = folder / "gpu"

    def manifest(self, urls: list[str], **source: object) -> Path:
        spec = {
            "source": {"urls": urls, **source},
            "output": {"persistentVolumeClaim": {"claimName": "results"}},
            "transcription": {"computeType": "int8", "models": [{"languages": ["*"], "model": "stand-in"}]},
            "embedding": {"model": "stand-in", "computeType": "float32", "maxSequenceLength": 128, "chunkTokens": 64},
        }
        path = self.folder / "run.json"
        path.write_text(json.dumps({"metadata": {"name": "talks"}, "spec": spec}))
        return path

    def command(self, *arguments: str) -> list[str]:
        return [*STAND_IN, "run", "--output", str(self.output), "--allow-network", "127.0.0.0/8", *arguments]

    def environment(self) -> dict[str, str]:
        gpu = {"SIMULATED_GPU": str(self.gpu)} if self.gpu.exists() else {}
        ours = {"PYTHONPATH": str(REPOSITORY), "TMPDIR": str(self.folder), pod.ALLOW_NETWORKS: ""}
        return {**os.environ, **ours, **gpu}

    def finish(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            env=self.environment(),
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        with subprocess.Popen(
            self.command(*arguments), env=self.environment(), cwd=REPOSITORY, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def manifests(self) -> set[Path]:
        return set(self.output.glob("videos/*/manifest.json"))

    def results(self) -> list[Path]:
        return sorted(self.output.glob("_runs/*/result.json"))


@pytest.fixture
def local(tmp_path: Path) -> Local:
    return Local(tmp_path)


def videos(source: HttpSource, count: int) -> list[str]:
    """So many pages with captions."""
    captions = source.set("/captions.vtt", Answer(CAPTIONS.encode(), kind="text/vtt"))
    return [source.set(f"/{n}.html", page(f"{source.url}/none.mp3", captions)) for n in range(count)]


def test_a_run_lists_works_counts_indexes_and_reports(local: Local, source: HttpSource) -> None:
    done = local.finish("-f", str(local.manifest([source.feed(videos(source, 3))])), "--workers", "2")
    assert done.returncode == ExitCode.DONE, done.stderr
    assert len(local.manifests()) == 3
    assert "succeeded   3" in done.stdout
    (result,) = local.results()
    report = result.parent / "run-report.html"
    assert str(report) in done.stdout
    assert "All 3 videos are there" in report.read_text()
    assert (local.output / "index").is_dir()
    assert CliRunner().invoke(app, ["report", "--output", str(local.output)]).exit_code == ExitCode.DONE
    assert "memory.targetPercent" in report.read_text(), "the later page tells no less"


def test_a_grown_playlist_costs_only_its_new_videos(local: Local, source: HttpSource) -> None:
    file = str(local.manifest([source.feed(videos(source, 2))]))
    assert local.finish("-f", file).returncode == ExitCode.DONE
    before = local.manifests()
    times = {path: path.stat().st_mtime_ns for path in before}
    source.feed(videos(source, 3))
    done = local.finish("-f", file)
    assert done.returncode == ExitCode.DONE, done.stderr
    assert len(local.manifests()) == 3
    assert {path: path.stat().st_mtime_ns for path in before} == times
    assert [path.parent.name[-2:] for path in local.results()] == ["-1", "-2"]


def test_a_video_that_cannot_be_read_is_told_while_it_happens_and_at_the_end(local: Local, source: HttpSource) -> None:
    broken = source.set("/broken.html", page(source.set("/x.mp3", Answer(b"no audio at all", kind="audio/mpeg"))))
    done = local.finish("-f", str(local.manifest([source.feed([*videos(source, 1), broken])])))
    assert done.returncode == ExitCode.DONE
    assert "result=skipped reason=Corrupt" in done.stderr
    assert "Corrupt" in done.stdout


def test_a_model_that_is_not_there_ends_the_run_with_one_sentence(local: Local, sample: SampleServer) -> None:
    done = local.finish("--embed-model", "/nowhere", "--asr-model", "stand-in", "--limit", "1", sample.feed_url)
    assert done.returncode == ExitCode.CONFIGURATION
    assert "spec.embedding.model names /nowhere" in done.stderr
    assert "To go on:" in done.stderr


def test_fewer_videos_than_the_objective_asks_for_are_no_success(local: Local, source: HttpSource) -> None:
    broken = source.set("/broken.html", Answer(status=500))
    done = local.finish("-f", str(local.manifest([source.feed([*videos(source, 1), broken])])))
    assert done.returncode == ExitCode.FAILURE, done.stderr
    assert "fewer than" in done.stdout
    assert "ServerError" in done.stdout
    assert "at most 1 worker on" in done.stderr


@pytest.mark.parametrize("blocked", ["/feed.xml", "/0.html"])
def test_a_source_that_blocks_is_told_with_the_way_to_go_on(local: Local, source: HttpSource, blocked: str) -> None:
    file = str(local.manifest([source.feed(videos(source, 1))]))
    source.set(blocked, Answer(status=429))
    done = local.finish("-f", file)
    assert done.returncode == ExitCode.SOURCE_BLOCKED, done.stderr
    assert "block" in done.stderr
    assert "To go on:  ingest run --output" in done.stderr


def test_of_four_workers_begin_as_many_as_fit_and_memory_never_runs_out(local: Local, source: HttpSource) -> None:
    """The founding incident: 8.6 GiB at the least each, and 80 % of 24 GiB hold two."""
    create(local.gpu, 24 * physics.GIB)
    file = str(local.manifest([source.feed(videos(source, 8))]))
    done = local.finish("-f", file, "--workers", "4")
    assert done.returncode == ExitCode.DONE, done.stderr
    assert len(local.manifests()) == 8
    assert "Simulated GPU (simulated)" in done.stderr
    assert "2 of 4 workers fit: each needs 8.6 GiB at the least" in done.stderr
    assert "out of memory" not in done.stderr
    assert usage(local.gpu).oom_events == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_commits_what_is_finished_and_says_how_to_go_on(
    local: Local, source: HttpSource, number: signal.Signals, code: int
) -> None:
    arguments = ("-f", str(local.manifest([source.feed(videos(source, 3))], videosPerHour=60)), "--quiet")
    with local.started(*arguments) as process:
        wait_for(lambda: len(local.manifests()) >= 1, "a video is there")
        process.send_signal(number)
        _, said = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == code
    assert "of 3 videos" in said
    assert "To go on:  ingest run --output" in said
    assert local.results() == []
    before = local.manifests()
    faster = local.manifest([source.feed(videos(source, 3))])
    done = local.finish("-f", str(faster))
    assert done.returncode == ExitCode.DONE, done.stderr
    assert local.manifests() > before
    assert [path.parent.name[-2:] for path in local.results()] == ["-1"]


def test_workers_do_not_outlive_a_supervisor_that_is_killed(local: Local, source: HttpSource) -> None:
    file = str(local.manifest([source.feed(videos(source, 3))], videosPerHour=60))
    with local.started("-f", file) as process:
        wait_for(lambda: len(local.manifests()) >= 1, "a video is there")
        children = psutil.Process(process.pid).children(recursive=True)
        assert children
        process.kill()
        process.wait(PATIENCE_SECONDS)
    wait_for(lambda: not any(_runs(child) for child in children), "all workers have ended")


def _runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("arguments", [(), ("-f", "run.json", "https://example.org/x")])
def test_either_urls_or_a_manifest(local: Local, arguments: tuple[str, ...]) -> None:
    done = local.finish(*arguments)
    assert done.returncode == 2
    assert "give either URLs, or a manifest" in " ".join(done.stderr.split())
