"""Distributions, the page and the picture."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.reaction.page import page
from benchmarks.reaction.plot import draw
from benchmarks.reaction.report import TIMES, Load, Replay, Report
from benchmarks.reaction.timeline import Kind, Reaction


def report(*patched_after: float | None, runs: int | None = None, kind: Kind = Kind.WAITS) -> Report:
    reactions = [
        Reaction(f"run-{number}", kind, 100, 100, None, None if after is None else 100 + after, 105)
        for number, after in enumerate(patched_after)
    ]
    count = len(reactions) if runs is None else runs
    return Report({"machine": "a test"}, count, reactions, Load(4 * count, 80, 20), Replay(1234, 0))


def test_a_distribution_is_of_those_that_came_to_it() -> None:
    found = report(1, 2, 3, None).distribution(TIMES["to_patch"])
    assert found is not None
    assert (found.count, found.median, found.longest) == (3, 2, 3)
    assert 2 < found.p95 < 3
    assert report(None).distribution(TIMES["to_patch"]) is None


def test_kinds_are_told_apart() -> None:
    assert report(1, kind=Kind.EXITS).distribution(TIMES["to_patch"], (Kind.WAITS,)) is None


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (report(1, 1.5, 9), "yes: 1.50 s"),
        (report(1, 2.5, 9), "no: 2.50 s"),
        (report(1, 1, None), "no: 1.00 s; 1 runs were not patched"),
        (report(1, runs=3), "no: 1.00 s; 2 runs were not patched"),
        (report(None), "no: none was; 1 runs were not patched"),
    ],
)
def test_the_goal_is_missed_by_a_slow_median_or_by_a_run_that_was_not_patched(found: Report, said: str) -> None:
    assert f"| {said} |" in page(found)


def test_the_numbers_are_written_by_kind(tmp_path: Path) -> None:
    report(1, 3).write(tmp_path / "reaction.json")
    written = json.loads((tmp_path / "reaction.json").read_text())
    assert written["all"]["to_patch"]["median"] == written["waits"]["to_patch"]["median"] == 2
    assert written["exits"]["to_patch"] is None
    assert written["reactions"][0]["to_patch"] == 1
    assert written["replay"] == {"decisions": 1234, "differing": 0}


def test_the_picture_has_the_goal_and_both_kinds(tmp_path: Path) -> None:
    draw(report(1, 2), tmp_path / "reaction.svg")
    drawn = (tmp_path / "reaction.svg").read_text()
    for words in ("goal of the median: 2 s", "turns not ready", "exit code 85", "Job patched"):
        assert words in drawn
