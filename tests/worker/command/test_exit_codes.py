"""How the command ends: its exit code, and what it says."""

import json
import re
import subprocess
import sys

import pytest

from dev.sample_media.server import SampleServer
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.summary import MAX_BYTES, DiscoverSummary, ErrorSummary, decode_summary
from ingestion_worker.conclusion import StepError
from tests.worker.support.http_source import Answer, HttpSource
from tests.worker.support.in_process import Bench
from tests.worker.support.runs import REAL, REPOSITORY, Workspace, run_of
from tests.worker.support.stand_ins import FAULT

pytestmark = pytest.mark.long


def error(workspace: Workspace, step: str, *more: str) -> tuple[int, ErrorSummary]:
    code, summary = workspace.finish(step, *more)
    assert isinstance(summary, ErrorSummary)
    return code, summary


def test_discover_writes_the_list_once(workspace: Workspace, source: HttpSource) -> None:
    pages = [f"{source.url}/{number}.html" for number in range(3)]
    workspace.write_run([source.feed(pages)], workers={"videosPerShard": 2})
    code, first = workspace.finish("discover")
    assert isinstance(first, DiscoverSummary)
    assert (code, first.count, first.shards) == (ExitCode.DONE, 3, 2)
    source.feed([*pages, f"{source.url}/new.html"])
    assert workspace.finish("discover") == (ExitCode.DONE, first)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read: No such file"),
        (b"{", "is neither YAML nor JSON"),
        (b"\xff\xfe", "is neither YAML nor JSON"),
        (b"[" * 100_000, "is neither YAML nor JSON"),
        (b'{"metadata": {"name": "x", "uid": "u"}, "spec": {"source": {"urls": []}}}', "spec.output"),
        (b'{"metadata": {"name": "x"}, "spec": {"source": {"urls": ["u"]}, "output": {"uri": "s3://b"}}}', "uid"),
    ],
    ids=["missing", "cut off", "not UTF-8", "too deep", "not a run", "without a uid"],
)
def test_a_bad_manifest_is_64_and_names_what_is_wrong(workspace: Workspace, content: bytes | None, says: str) -> None:
    if content is not None:
        (workspace.root / "run.json").write_bytes(content)
    code, summary = error(workspace, "discover")
    assert code == ExitCode.CONFIGURATION
    assert says in summary.detail
    assert summary.reason == "InvalidConfiguration"


def test_an_output_that_fsspec_does_not_know_is_64(workspace: Workspace) -> None:
    workspace.write_run(["http://unused"])
    (workspace.root / "message").touch()
    command = [*REAL, "finish", "--run", f"{workspace.root}/run.json", "--output", "nonsense://x/y"]
    done = subprocess.run([*command, "--termination-message", f"{workspace.root}/message"], check=False)
    assert done.returncode == ExitCode.CONFIGURATION
    summary = workspace.summary()
    assert isinstance(summary, ErrorSummary)
    assert summary.reason == "InvalidOutput"
    assert "nonsense" in summary.detail


def test_no_video_is_64_with_the_sources_words(workspace: Workspace, source: HttpSource) -> None:
    workspace.write_run([source.set("/gone.xml", Answer(status=410))])
    code, summary = error(workspace, "discover")
    assert (code, summary.reason) == (ExitCode.CONFIGURATION, "NoVideos")
    assert "410" in summary.detail


def test_a_source_that_blocks_discovery_is_75(workspace: Workspace, source: HttpSource) -> None:
    workspace.write_run([source.set("/feed.xml", Answer(status=429))])
    code, summary = error(workspace, "discover")
    assert (code, summary.reason) == (ExitCode.SOURCE_BLOCKED, "SourceBlocked")


def test_a_source_that_does_not_answer_is_1_so_that_it_is_tried_again(workspace: Workspace, source: HttpSource) -> None:
    workspace.write_run([source.set("/feed.xml", Answer(status=503))])
    code, summary = error(workspace, "discover")
    assert (code, summary.reason) == (ExitCode.FAILURE, "SourceUnavailable")


def test_an_output_that_refuses_is_1(workspace: Workspace, source: HttpSource) -> None:
    workspace.write_run([source.feed([f"{source.url}/a.html"])])
    workspace.output.write_text("a file, not a folder")
    code, summary = error(workspace, "discover")
    assert (code, summary.reason) == (ExitCode.FAILURE, "OutputUnavailable")
    assert str(workspace.output) in summary.detail
    assert "permissions" in summary.detail


def test_a_shard_that_does_not_exist_and_a_missing_list_are_64(workspace: Workspace, source: HttpSource) -> None:
    workspace.write_run([source.feed([f"{source.url}/a.html"])])
    code, summary = error(workspace, "work", "--shard", "0", "--port", "0")
    assert code == ExitCode.CONFIGURATION
    assert "ingest discover" in summary.detail
    workspace.finish("discover")
    code, summary = error(workspace, "work", "--shard", "1", "--port", "0")
    assert code == ExitCode.CONFIGURATION
    assert "there is no shard 1" in summary.detail


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("Library libcublas.so.12 is not found or cannot be loaded", ExitCode.UNUSABLE_NODE),
        ("CUDA failed with error unspecified launch failure", ExitCode.STICKY_DEVICE_FAULT),
        ("cuBLAS failed with status CUBLAS_STATUS_NOT_SUPPORTED", ExitCode.CONFIGURATION),
    ],
)
def test_a_device_fault_has_its_own_code(
    bench: Bench, sample: SampleServer, monkeypatch: pytest.MonkeyPatch, fault: str, code: ExitCode
) -> None:
    monkeypatch.setenv(FAULT, fault)
    bench.list([f"{sample.url}/watch/sample-001.html"])
    with pytest.raises(StepError, match="asr") as caught:
        bench.work(run_of(["http://unused"]))
    assert caught.value.code is code


def test_a_language_without_a_model_is_64(bench: Bench, sample: SampleServer) -> None:
    bench.list([f"{sample.url}/watch/sample-001.html"])
    models = [{"languages": ["en"], "model": "stand-in"}]
    with pytest.raises(StepError, match='no model for the language "de"') as caught:
        bench.work(run_of(["http://unused"], source={"languages": ["de"]}, transcription={"models": models}))
    assert caught.value.code is ExitCode.CONFIGURATION


@pytest.mark.parametrize("character", ["\N{SNOWMAN}", "\0", '"', "\\", "\ud800"], ids=repr)
def test_a_sentence_of_any_characters_fits_the_termination_message(workspace: Workspace, character: str) -> None:
    (workspace.root / "run.json").write_text(json.dumps({"spec": {character * 3000: 1}}))
    code, summary = error(workspace, "finish")
    assert code == ExitCode.CONFIGURATION
    assert len((workspace.root / "message").read_bytes()) <= MAX_BYTES
    assert "metadata" in summary.detail


def test_without_a_file_for_it_no_termination_message_is_left(workspace: Workspace) -> None:
    arguments = workspace.arguments("finish")
    (workspace.root / "message").unlink()
    assert subprocess.run(arguments, env=workspace.environment(), check=False).returncode == ExitCode.CONFIGURATION
    assert not (workspace.root / "message").exists()
    assert decode_summary(None) is None


def test_a_termination_message_that_cannot_be_written_changes_no_exit_code(workspace: Workspace) -> None:
    arguments = workspace.arguments("finish")
    (workspace.root / "message").unlink()
    (workspace.root / "message").mkdir()
    assert subprocess.run(arguments, env=workspace.environment(), check=False).returncode == ExitCode.CONFIGURATION


@pytest.mark.parametrize(
    ("raised", "code", "reason", "detail"),
    [
        ("KeyError('a key')", ExitCode.FAILURE, "InternalError", "KeyError: 'a key'"),
        ("ImportError('libcudart.so')", ExitCode.UNUSABLE_NODE, "NodeUnusable", "libcudart.so"),
        ("OSError('no port')", ExitCode.FAILURE, "SystemError", "the system refuses: no port"),
    ],
)
def test_errors_of_no_step_have_a_code_and_a_sentence_too(
    workspace: Workspace, raised: str, code: ExitCode, reason: str, detail: str
) -> None:
    message = workspace.root / "message"
    message.touch()
    script = (
        "import sys; from pathlib import Path; from ingestion_worker.steps.ending import Ending\n"
        f"def step(): raise {raised}\n"
        "Ending(Path(sys.argv[1])).conclude(step)"
    )
    assert subprocess.run([sys.executable, "-c", script, message], check=False).returncode == code
    summary = workspace.summary()
    assert isinstance(summary, ErrorSummary)
    assert summary.reason == reason
    assert detail in summary.detail


def test_one_message_is_one_line_of_the_log_whatever_its_words() -> None:
    script = (
        "import logging; from ingestion_worker.telemetry.logs import set_up_logs; set_up_logs(False);"
        "logging.getLogger('ingestion_worker').info('video id=%s', 'a\\n2026-01-01T00:00:00Z INFO b\\x1b[2J\\u2028')"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stderr
    assert shown.endswith("INFO video id=a\\n2026-01-01T00:00:00Z INFO b\\x1b[2J\\u2028\n")
    assert len(shown.splitlines()) == 1


def test_each_line_of_a_shards_log_names_run_and_shard(workspace: Workspace, source: HttpSource) -> None:
    workspace.write_run([source.feed([f"{source.url}/a.html"])])
    command = workspace.arguments("work", "--shard", "3", "--port", "0")
    ended = subprocess.run(
        command, env=workspace.environment(), cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    lines = ended.stderr.splitlines()
    assert lines[0].endswith("/metrics")
    for line in lines:
        assert re.match(r"\S+Z (INFO|ERROR) run=default/test shard=3 \S", line), line


@pytest.mark.parametrize("step", ["discover", "work", "finish"])
def test_help_teaches_each_steps_exit_codes(step: str) -> None:
    shown = subprocess.run([*REAL, step, "--help"], capture_output=True, text=True, check=True).stdout
    assert "--output" in shown
    assert "Exit codes" in shown


@pytest.mark.parametrize("step", ["discover", "finish"])
def test_light_steps_import_no_heavy_library(step: str) -> None:
    script = (
        "import sys; from unittest.mock import patch; from ingestion_worker import cli;"
        "patch('os._exit', sys.exit).start();"
        f"sys.argv = ['ingest', {step!r}, '--output', 'memory://x', '--run', '/missing'];"
        "import atexit; atexit.register(lambda: print([m for m in ('torch', 'ctranslate2', 'pyarrow', 'av') "
        "if m in sys.modules])); cli.app()"
    )
    done = subprocess.run([REAL[0], "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.CONFIGURATION
    assert done.stdout.strip() == "[]"
