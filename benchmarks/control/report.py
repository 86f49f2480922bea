"""All of a contest, as the numbers that are written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks.control.contestants import CONTESTANTS, OURS
from benchmarks.control.families import FAMILIES, HELD_OUT
from benchmarks.control.figures import Figures, figures, nearly_fastest
from benchmarks.control.goals import Goal, goals_of_contest, goals_of_ours, missed_with_bugs
from benchmarks.control.outcome import Outcome
from benchmarks.control.rows import Row

ORACLE = "best static setting"
TIES_PERCENT = (1, 2, 3, 5, 10)


@dataclass(frozen=True)
class Report:
    """All of a contest.

    Attributes:
        seeds: as they were asked for.
        scenarios: how many there were.
        oracle_clairvoyant_regret_median: how much longer than it has to the best static setting took, as a share.
        nearly_fastest: share of the scenarios in which no other adaptive law was faster by more than so many percent;
            of ours, and of the best static setting, which no law can know beforehand.
        contestants: figures over all of them.
        held_out: figures over the families that the law was not tuned on.
        families: figures per family.
        goals: of our law, over all scenarios.
        contest_goals: what shows that the scenarios are hard enough.
        bugs: for each bug, the goals that it misses and our law meets.
        bug_scenarios: in how many scenarios the bugs played.
    """

    seeds: str
    scenarios: int
    oracle_clairvoyant_regret_median: float
    nearly_fastest: Mapping[str, Mapping[int, float]]
    contestants: Mapping[str, Figures]
    held_out: Mapping[str, Figures]
    families: Mapping[str, Mapping[str, Figures]]
    goals: Sequence[Goal]
    contest_goals: Sequence[Goal]
    bugs: Mapping[str, Sequence[str]]
    bug_scenarios: int

    @property
    def passed(self) -> bool:
        """Whether all goals are met, and each bug is noticed."""
        met = all(goal.met for goal in (*self.goals, *self.contest_goals))
        return met and all(self.bugs.values())

    def write(self, path: Path) -> None:
        """Write the numbers as JSON; shares are numbers from 0 to 1, what is called a percentage is one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self._plain(), indent=2) + "\n")

    def _plain(self) -> dict[str, object]:
        return {
            "seeds": self.seeds,
            "scenarios": self.scenarios,
            "oracle_clairvoyant_regret_median": self.oracle_clairvoyant_regret_median,
            "nearly_fastest": self.nearly_fastest,
            **{name: asdict(found) for name, found in self.contestants.items()},
            "held_out": {
                "families": sorted(HELD_OUT),
                **{name: asdict(found) for name, found in self.held_out.items()},
            },
            "families": {
                family: {name: asdict(found) for name, found in seen.items()} for family, seen in self.families.items()
            },
            "goals": [_goal(goal) for goal in self.goals],
            "contest_goals": [_goal(goal) for goal in self.contest_goals],
            "bugs": {bug: {"noticed": bool(missed), "goals_missed": missed} for bug, missed in self.bugs.items()},
            "bug_scenarios": self.bug_scenarios,
            "passed": self.passed,
        }


def report(seeds: str, rows: Sequence[Row]) -> Report:
    """Return the report of some scenarios, at least one."""
    rows = sorted(rows, key=lambda row: row.seed)
    by_family = {family: [row for row in rows if row.family == family] for family in (*FAMILIES, *HELD_OUT)}
    return Report(
        seeds=seeds,
        scenarios=len(rows),
        oracle_clairvoyant_regret_median=median(row.clairvoyant_regret(row.oracle) for row in rows),
        nearly_fastest={
            OURS: _nearly_fastest(rows, [row.outcomes[OURS] for row in rows]),
            ORACLE: _nearly_fastest(rows, [row.oracle for row in rows]),
        },
        contestants=_all_figures(rows),
        held_out=_all_figures([row for row in rows if row.family in HELD_OUT]),
        families={family: _all_figures(found) for family, found in by_family.items() if found},
        goals=goals_of_ours(rows),
        contest_goals=goals_of_contest(rows),
        bugs=missed_with_bugs(rows),
        bug_scenarios=sum(bool(row.bugs) for row in rows),
    )


def _all_figures(rows: Sequence[Row]) -> dict[str, Figures]:
    return {name: figures(rows, name) for name in CONTESTANTS} if rows else {}


def _nearly_fastest(rows: Sequence[Row], outcomes: Sequence[Outcome]) -> dict[int, float]:
    return {percent: nearly_fastest(rows, outcomes, percent / 100) for percent in TIES_PERCENT}


def _goal(goal: Goal) -> dict[str, object]:
    return {**asdict(goal), "met": goal.met}
