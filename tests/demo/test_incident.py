"""`make demo`, as a newcomer runs it: the founding incident on a real Kubernetes API, in several sizes."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dev.cluster.testing import require_cluster
from dev.demo.options import ROOT
from dev.sample_media.sentences import expected

pytestmark = pytest.mark.long

LIMIT_SECONDS = 900


@dataclass(frozen=True)
class Played:
    """A demonstration that has ended."""

    code: int
    story: str
    result: dict[str, Any]

    @property
    def parallelism(self) -> list[int]:
        return [change["value"] for change in self.result["parallelism"]]


def play(build: Path, *arguments: str) -> Played:
    require_cluster()
    command = [sys.executable, "-m", "dev.demo", "--build", str(build), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
    result = build / "demo" / "result.json"
    assert result.exists(), done.stdout + done.stderr
    return Played(done.returncode, done.stdout, json.loads(result.read_text()))


def assert_nothing_is_lost(played: Played, videos: int) -> None:
    sample = expected(videos)
    assert played.code == 0, played.story
    assert played.result["videos"] == videos
    assert played.result["succeeded"] == len(sample.available)
    assert sum(played.result["skipped"].values()) == len(sample.unavailable)
    assert played.result["failed"] == {}
    assert played.result["lost_to_memory"] == 0
    assert played.result["device_memory_steady_percent"] < 80
    assert played.result["word_error_percent"] < 25


def test_the_founding_incident_is_survived(tmp_path: Path) -> None:
    played = play(tmp_path)

    assert_nothing_is_lost(played, 200)
    assert played.parallelism == [4, 2]
    assert played.result["oom_events"] > 0


@pytest.mark.parametrize(
    ("gib", "videos", "ends_at", "runs_out"), [(16, 100, 1, True), (40, 200, 3, False), (48, 100, 4, False)]
)
def test_as_many_workers_stay_as_the_device_holds(
    tmp_path: Path, gib: int, videos: int, ends_at: int, runs_out: bool
) -> None:
    played = play(tmp_path, "--videos", str(videos), "--gpu-gib", str(gib))

    assert_nothing_is_lost(played, videos)
    assert played.parallelism[0] == 4
    assert played.parallelism[-1] == ends_at
    assert (played.result["oom_events"] > 0) is runs_out
    if ends_at == 4:
        assert played.parallelism == [4]


def test_an_operator_that_is_killed_in_the_middle_changes_nothing(tmp_path: Path) -> None:
    played = play(tmp_path, "--videos", "100", "--kill-operator")

    assert "operator killed (SIGKILL)" in played.story
    assert_nothing_is_lost(played, 100)
    assert played.parallelism == [4, 2]


def test_twice_as_many_workers_end_where_the_device_says(tmp_path: Path) -> None:
    played = play(tmp_path, "--videos", "200", "--workers", "8")

    assert_nothing_is_lost(played, 200)
    assert played.parallelism[0] == 8
    assert played.parallelism[-1] == 2
