"""The options of `ingest discover` and `ingest work` that say what may be asked."""

from pathlib import Path

import pytest

from dev.sample_media.server import SampleServer
from ingestion_contract import pod
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.metrics import Result
from tests.worker.support.runs import Workspace

pytestmark = pytest.mark.long

NOTHING = {pod.ALLOW_NETWORKS: "", pod.ALLOW_FOLDERS: ""}


def test_what_is_not_allowed_is_said_with_what_would_allow_it(workspace: Workspace, sample: SampleServer) -> None:
    workspace.write_run([f"{sample.url}/watch/sample-001.html"])
    code, summary = workspace.finish("discover", **NOTHING)
    assert code == ExitCode.CONFIGURATION
    assert "127.0.0.1 is a loopback address" in str(summary)
    assert workspace.finish("discover", "--allow-network", "127.0.0.1/32", **NOTHING)[0] == ExitCode.DONE


def test_a_worker_asks_no_more_than_it_may(workspace: Workspace, sample: SampleServer) -> None:
    workspace.write_run([f"{sample.url}/watch/sample-001.html"])
    assert workspace.finish("discover")[0] == ExitCode.DONE
    assert workspace.finish("work", "--shard", "0", "--port", "0", **NOTHING)[0] == ExitCode.DONE
    (outcome,) = workspace.outcomes().values()
    assert (outcome.result, outcome.reason) == (Result.SKIPPED, "AddressRefused")
    assert "--allow-network 127.0.0.1/32" in outcome.detail


@pytest.mark.parametrize("by_option", [True, False], ids=["option", "environment"])
def test_folders_are_allowed_by_option_or_environment(workspace: Workspace, tmp_path: Path, by_option: bool) -> None:
    talks = tmp_path / "talks"
    talks.mkdir()
    (talks / "a.opus").write_bytes(b"OggS")
    workspace.write_run([f"file://{talks}"])
    assert workspace.finish("discover", **NOTHING)[0] == ExitCode.CONFIGURATION
    options = ["--allow-folder", str(talks)] if by_option else []
    environment = NOTHING if by_option else {**NOTHING, pod.ALLOW_FOLDERS: f"/data {talks}"}
    assert workspace.finish("discover", *options, **environment)[0] == ExitCode.DONE


@pytest.mark.parametrize(
    ("option", "value"), [("--allow-network", "10.0.0.1/8"), ("--allow-network", "x"), ("--allow-folder", "talks")]
)
def test_a_wrong_value_is_named(workspace: Workspace, option: str, value: str) -> None:
    workspace.write_run(["http://127.0.0.1:1/"])
    code, summary = workspace.finish("discover", option, value, **NOTHING)
    assert code == ExitCode.CONFIGURATION
    assert option in str(summary)
    assert value in str(summary)
