"""A small contest: everybody plays, nobody is left behind, and the same seed gives the same course."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.control import rows as records
from benchmarks.control.bugs import BUGS
from benchmarks.control.chance import among_twins, share_unbeaten
from benchmarks.control.clairvoyant import clairvoyant_seconds
from benchmarks.control.contest import row
from benchmarks.control.contestants import CONTESTANTS, LAWS, OURS
from benchmarks.control.families import FAMILIES, HELD_OUT, HELD_OUT_FROM, make
from benchmarks.control.page import page
from benchmarks.control.play import play
from benchmarks.control.plot import draw
from benchmarks.control.report import ORACLE, report
from benchmarks.control.rows import Row
from benchmarks.control.scenario import Scenario
from benchmarks.control.seeds import parse_seeds

SEEDS = (0, 2, 6)


def short(seed: int) -> Scenario:
    """A scenario with a part of its videos."""
    scenario = make(seed)
    return replace(scenario, durations=scenario.durations[: max(40, len(scenario.durations) // 4)])


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return [row(short(seed), with_bugs=seed == SEEDS[0]) for seed in SEEDS]


def test_every_contestant_finishes_all_videos(rows: list[Row]) -> None:
    for found in rows:
        assert set(found.outcomes) == set(CONTESTANTS)
        for name, outcome in found.outcomes.items():
            assert outcome.complete, f"{name} in {found.family} {found.seed}"


def test_no_law_loses_a_video(rows: list[Row]) -> None:
    assert all(found.outcomes[name].lost == 0 for found in rows for name in LAWS)


def test_the_incidents_worker_loses_videos_in_the_incident(rows: list[Row]) -> None:
    assert rows[0].family == "incident"
    assert rows[0].outcomes["human"].lost > 0


def test_nobody_is_faster_than_the_clairvoyant(rows: list[Row]) -> None:
    for found in rows:
        assert found.oracle.seconds >= found.clairvoyant_seconds
        assert all(found.outcomes[name].seconds >= found.clairvoyant_seconds for name in LAWS)


def test_the_same_seed_gives_the_same_course() -> None:
    scenario = short(6)
    least = clairvoyant_seconds(scenario)
    first, second = (play(scenario, LAWS[OURS], scenario.initial, least) for _ in range(2))
    assert first == second


def test_a_law_and_its_twins_differ_in_nothing_but_their_moments() -> None:
    ours, *twins = among_twins(short(6))
    assert len(twins) == len(LAWS) - 1
    assert all(twin == pytest.approx(ours, rel=0.2) for twin in twins)


def test_whoever_is_faster_by_less_than_a_tie_has_not_beaten_us() -> None:
    played = [(100.0, 99.5, 120.0), (100.0, 98.0, 101.0)]
    assert share_unbeaten(played, 0.01) == 0.5
    assert share_unbeaten(played, 0.03) == 1


def test_every_family_has_its_turn() -> None:
    assert [make(seed).family for seed in range(len(FAMILIES))] == list(FAMILIES)
    assert {make(seed).family for seed in range(HELD_OUT_FROM, HELD_OUT_FROM + len(HELD_OUT))} == set(HELD_OUT)
    assert not set(FAMILIES) & set(HELD_OUT)


def test_a_neighbour_always_leaves_room_for_one_worker() -> None:
    for seed in range(2 * len(FAMILIES)):
        scenario = make(seed)
        assert clairvoyant_seconds(scenario) < 20 * 3600


def test_the_report_has_the_figures_of_all_and_is_read_back(rows: list[Row], tmp_path: Path) -> None:
    assert list(records.write(rows, tmp_path / "rows.jsonl")) == rows
    assert records.read(tmp_path / "rows.jsonl") == rows
    made = report("0,2,6", rows)
    made.write(tmp_path / "control.json")
    written = json.loads((tmp_path / "control.json").read_text())
    for name in CONTESTANTS:
        assert {
            "lost_to_memory",
            "regret_median",
            "regret_p95",
            "regret_worst",
            "clairvoyant_regret_median",
            "oom_episodes_median",
            "changes_median",
            "memory_steady_percent",
            "gpu_hours_per_audio_hour",
            "best_adaptive_share",
        } <= set(written[name])
    assert set(written["bugs"]) == set(BUGS)
    assert written["nearly_fastest"]["ours"]["1"] == written["ours"]["best_adaptive_share"]
    assert list(written["nearly_fastest"][ORACLE].values()) == sorted(written["nearly_fastest"][ORACLE].values())
    assert "| **ours** |" in page(made)
    draw(rows, tmp_path / "contest.svg")
    assert (tmp_path / "contest.svg").read_text().startswith("<?xml")


def test_seeds_are_read_as_ranges_and_lists() -> None:
    assert parse_seeds("0-3,7") == [0, 1, 2, 3, 7]
