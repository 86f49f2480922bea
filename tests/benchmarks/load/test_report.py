"""From what was measured to the goals and the page."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.load.contestant import Contestant
from benchmarks.load.long_list import LongList, StepCost
from benchmarks.load.outcome import Large, Outcome, Stretch
from benchmarks.load.page import page
from benchmarks.load.report import Report
from benchmarks.reaction.timeline import Kind, Reaction

QUIET = Stretch(
    seconds=100.0,
    worker_pods=500,
    cores=0.2,
    resident_bytes=250_000_000,
    requests={},
    page_seconds=0.5,
    machine_percent=60.0,
    load_average=1.5,
)
AT_WORK = replace(QUIET, cores=0.3, requests={"update ingestionruns/status": 500})
ANSWERED = Reaction("a", Kind.WAITS, 10.0, 10.0, 10.8, 11.0, None)
COST = StepCost(10.0, 300_000_000, 130, 100_000, 4000)
OURS = Outcome(
    contestant=Contestant.OURS,
    runs=1000,
    finished=5000,
    start_seconds=12.0,
    settled=True,
    steady=QUIET,
    busy=AT_WORK,
    reconcile_seconds=[0.1, 0.2, 0.3],
    short=1,
    reactions=[ANSWERED],
    large=Large(100_000, 4000, 600, 2500, 1_000_000),
)
SMALLER = replace(
    OURS, runs=100, finished=500, steady=replace(QUIET, cores=0.02), busy=replace(AT_WORK, cores=0.03), large=None
)
MINIMAL = replace(OURS, contestant=Contestant.MINIMAL, busy=None, reactions=[], short=0, large=None)


def report(ours: Outcome = OURS) -> Report:
    return Report({"machine": "x86_64"}, SMALLER, ours, MINIMAL, LongList(COST, COST, COST))


def missed(ours: Outcome) -> list[str]:
    return [goal.words for goal in report(ours).goals() if not goal.reached]


def test_all_goals_are_reached_by_what_is_good_enough() -> None:
    assert missed(OURS) == []


@pytest.mark.parametrize(
    ("ours", "words"),
    [
        (replace(OURS, busy=replace(AT_WORK, cores=0.44), steady=replace(QUIET, cores=0.6)), "half a core: 0.60"),
        (replace(OURS, steady=replace(QUIET, resident_bytes=401_000_000)), "400 MB of resident memory: 401"),
        (replace(OURS, steady=replace(QUIET, requests={"list jobs": 7})), "no request .*: list jobs 7"),
        (replace(OURS, reactions=[replace(ANSWERED, patched_at=12.5)]), "OOM in the median: 2.50 s"),
        (replace(OURS, short=2), "in 1 of 2 runs"),
        (replace(OURS, busy=replace(AT_WORK, cores=0.48)), "1.60 times"),
        (replace(OURS, large=Large(100_000, 4000, 600, 100_000, 0)), "100,000 videos below 100 KB: 100.0 KB"),
    ],
)
def test_a_goal_that_is_missed_says_which_and_by_how_much(ours: Outcome, words: str) -> None:
    (told,) = missed(ours)
    assert re.search(words, told)


def test_the_page_has_every_goal_and_each_operator(tmp_path: Path) -> None:
    text = page(report())
    assert text.startswith("# Many runs at once")
    assert all(f"| {goal.words} | yes |" in text for goal in report().goals())
    assert "| ingestion-operator, 100 runs | ingestion-operator, 1,000 runs | minimal, 1,000 runs |" in text
    assert "`update ingestionruns/status` 5.00" in text
    report().write(tmp_path / "operator.json")
    assert json.loads((tmp_path / "operator.json").read_text())["ours"]["steady"]["cores"] == 0.2
