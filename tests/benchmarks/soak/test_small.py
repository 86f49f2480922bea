"""The whole measurement with as few runs as there can be: it works, and says little of memory."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.soak.courses import Course
from benchmarks.soak.judge import judge
from benchmarks.soak.sample import KINDS, Sample
from benchmarks.soak.soak import REPOSITORY
from dev.cluster.testing import require_cluster

pytestmark = pytest.mark.long

PATIENCE_SECONDS = 900.0


def test_runs_come_and_go_and_leave_nothing(tmp_path: Path) -> None:
    require_cluster()
    command = [sys.executable, "-m", "benchmarks.soak", "--minutes", "0", "--output", str(tmp_path)]
    command += ["--docs", str(tmp_path)]
    done = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads((tmp_path / "soak.json").read_text())
    assert set(told["runs"]) == set(Course)
    assert told["problems"] == []
    samples = [Sample(**each) for each in told["samples"]]
    assert any(sample.objects["ingestionruns"] for sample in samples), "no run was seen at work"
    assert told["lowered"], "the operator has never taken workers away"
    assert (tmp_path / "soak.md").read_text().startswith("# When runs come and go")
    assert (tmp_path / "soak.svg").exists()

    for kind in KINDS:
        leaking = [
            replace(sample, objects={**sample.objects, kind: sample.objects[kind] + sample.runs}) for sample in samples
        ]
        assert kind in {verdict.quantity for verdict in judge(leaking) if verdict.grows}
