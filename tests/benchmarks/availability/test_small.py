"""The whole measurement with two kills: it works, and says little of speed."""

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


def test_every_kill_is_survived_and_no_worker_ends_meanwhile(tmp_path: Path) -> None:
    require_cluster()
    command = [sys.executable, "-m", "benchmarks.availability", "--kills", "2", "--output", str(tmp_path)]
    command += ["--docs", str(tmp_path)]
    done = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    outages = json.loads((tmp_path / "availability.json").read_text())["outages"]
    assert [each["cause"] for each in outages] == ["none", "crash", "pod"]
    assert all(each["to_status"] <= each["to_patch"] for each in outages)
    assert [each["workers_ended"] for each in outages] == [0, 0, 0]
    assert (tmp_path / "availability.md").read_text().startswith("# When the operator is away")
