"""The whole benchmark at a few seconds of audio: it works, and says nothing of speed."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.worker.measure import REPOSITORY

SYSTEMS = ("ours", "model-only", "faster-whisper")
PATIENCE_SECONDS = 600.0

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed"),
]


def test_it_writes_numbers_a_page_and_a_picture(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.worker", "run", "--quick", "--output", str(tmp_path)]
    for system in SYSTEMS:
        command += ["--system", system]
    done = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr

    report = json.loads((tmp_path / "worker.json").read_text())
    assert report["absent"] == {}
    warm = {(row["load"], row["system"]): row for row in report["rows"] if row["start"] == "warm"}
    assert set(warm) == {(load, system) for load in ("short-clips", "long-files") for system in SYSTEMS}
    for row in warm.values():
        assert row["audio_hours_per_hour"] > 0
        assert row["peak_host_bytes"] > 100 * 2**20
    assert warm["short-clips", "faster-whisper"]["text_equal"] == 1.0
    assert {point["system"] for point in report["host_memory"]} == {"ours", "faster-whisper"}
    assert "## long-files" in (tmp_path / "benchmarks.md").read_text()
    assert (tmp_path / "benchmarks.svg").read_text().startswith("<?xml")


def test_a_system_that_is_none_is_answered_with_those_that_are() -> None:
    command = [sys.executable, "-m", "benchmarks.worker", "run", "--system", "slow-whisper"]
    done = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert done.returncode == 2
    assert "there is no system slow-whisper" in done.stderr
