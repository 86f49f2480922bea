"""The whole measurement with few runs: it works, and says little of speed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.reaction.scene import REPOSITORY
from dev.cluster.testing import require_cluster

pytestmark = pytest.mark.long

PATIENCE_SECONDS = 600.0


def test_every_run_is_answered_and_every_decision_is_taken_again(tmp_path: Path) -> None:
    require_cluster()
    command = [sys.executable, "-m", "benchmarks.reaction", "--runs", "2", "--output", str(tmp_path)]
    command += ["--docs", str(tmp_path)]
    done = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "reaction.json").read_text())
    assert (found["missed"], found["load"]["worker_pods"]) == (0, 8)
    assert {each["kind"] for each in found["reactions"]} == {"waits", "exits"}
    assert all(each["to_patch"] > 0 and each["to_relief"] > 0 for each in found["reactions"])
    assert found["replay"]["decisions"] > 10
    assert found["replay"]["differing"] == 0
    assert (tmp_path / "reaction.md").read_text().startswith("# From an OOM")
    assert (tmp_path / "reaction.svg").exists()
