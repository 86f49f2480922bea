"""`make incident`, in small: the founding program loses videos to memory where our worker loses none."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dev.cluster.testing import require_cluster
from dev.demo.options import ROOT
from dev.sample_media.sentences import expected

pytestmark = pytest.mark.long

VIDEOS = 18
LIMIT_SECONDS = 900


def test_three_arms_ingest_the_same_clips(tmp_path: Path) -> None:
    require_cluster()
    sample = expected(VIDEOS)
    docs = tmp_path / "docs"
    docs.mkdir()
    command = [sys.executable, "-m", "dev.incident", "--videos", str(VIDEOS), "--build", str(tmp_path)]

    done = subprocess.run(
        [*command, "--docs", str(docs)], cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    arms = json.loads((tmp_path / "incident" / "result.json").read_text())["arms"]
    assert list(arms) == ["incident", "frozen", "adaptive"]
    incident, frozen, adaptive = arms.values()
    assert incident.keys() == frozen.keys() == adaptive.keys()
    for arm in arms.values():
        assert arm["videos"] == VIDEOS
        assert arm["device_gib"] == 24
        assert arm["device"] == "simulated"

    assert incident["lost_to_memory"] > 0
    assert incident["failed"]["OutOfMemory"] == incident["lost_to_memory"]
    assert incident["succeeded"] + incident["lost_to_memory"] == len(sample.available)
    assert incident["device_memory_peak_percent"] > 80
    for ours in (frozen, adaptive):
        assert ours["lost_to_memory"] == 0
        assert ours["succeeded"] == len(sample.available)
        assert sum(ours["skipped"].values()) == len(sample.unavailable)
    assert [change["value"] for change in frozen["parallelism"]] == [4]

    record = json.loads((tmp_path / "incident" / "recorded.json").read_text())
    assert [run["levers"] for run in record["runs"]] == ["frozen", "adapt"]
    assert all(run["seconds"]["to_completion"] > 0 for run in record["runs"])
    for name in ("incident.md", "incident.svg"):
        assert "simulated" in (docs / name).read_text()
