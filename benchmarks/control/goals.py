"""What the law is to reach, and what shows that the contest can be lost. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.control.contestants import HUMAN, LAWS, OURS
from benchmarks.control.figures import Figures, figures, figures_of
from benchmarks.control.outcome import Outcome
from benchmarks.control.rows import Row

INCIDENT = "incident"


@dataclass(frozen=True)
class Goal:
    """Something to reach: at most `wanted`, or at least."""

    name: str
    wanted: float
    got: float
    at_most: bool = True

    @property
    def met(self) -> bool:
        """Whether it is reached."""
        return self.got <= self.wanted if self.at_most else self.got >= self.wanted


def goals(rows: Sequence[Row], outcomes: Sequence[Outcome]) -> list[Goal]:
    """Return the goals of a law, with its outcome in each row."""
    others = [name for name in LAWS if name != OURS]
    seen = figures_of(rows, outcomes, others)
    return [*_of_all(seen), *_of_rules(outcomes), *_of_incident(rows, outcomes)]


def goals_of_ours(rows: Sequence[Row]) -> list[Goal]:
    """Return the goals of the law as it is."""
    return goals(rows, [row.outcomes[OURS] for row in rows])


def goals_of_contest(rows: Sequence[Row]) -> list[Goal]:
    """Return what must hold for the scenarios to be hard enough."""
    return [
        Goal(f"{name}: median regret, at least", 0.15, figures(rows, name).regret_median, at_most=False)
        for name in ("static-1", HUMAN)
    ]


def missed_with_bugs(rows: Sequence[Row]) -> Mapping[str, list[str]]:
    """Return, for each bug, the goals that it misses and the law as it is meets in the same scenarios."""
    played = [row for row in rows if row.bugs]
    if not played:
        return {}
    reached = {goal.name for goal in goals_of_ours(played) if goal.met}
    return {
        bug: [
            goal.name
            for goal in goals(played, [row.bugs[bug] for row in played])
            if goal.name in reached and not goal.met
        ]
        for bug in played[0].bugs
    }


def _of_all(seen: Figures) -> list[Goal]:
    assert seen.best_adaptive_share is not None
    ahead = min(seen.faster[other] - seen.slower[other] for other in seen.faster)
    return [
        Goal("videos lost to memory", 0, seen.lost_to_memory),
        Goal("regret against the static oracle, median", 0.05, seen.regret_median),
        Goal("regret against the static oracle, 95th percentile", 0.15, seen.regret_p95),
        Goal("regret against the clairvoyant, median", 0.20, seen.clairvoyant_regret_median),
        Goal("OOM episodes beyond one per change of a neighbour, median", 3, seen.oom_beyond_neighbours_median),
        Goal(
            "share of scenarios in which no adaptive contestant is over 1 % faster",
            0.9,
            seen.best_adaptive_share,
            False,
        ),
        Goal("share faster less share slower than any other adaptive contestant", 0, ahead, at_most=False),
        Goal("GPU-hours in those of the oracle, median", 1.1, seen.gpu_hours_of_oracle),
    ]


def _of_rules(outcomes: Sequence[Outcome]) -> list[Goal]:
    broken = [outcome.broken for outcome in outcomes]
    return [
        Goal("workers added while one was not heard", 0, sum(each.in_silence for each in broken)),
        Goal("workers added within the time of recovery after trouble", 0, sum(each.after_trouble for each in broken)),
        Goal("workers added above a ceiling that held", 0, sum(each.above_ceiling for each in broken)),
    ]


def _of_incident(rows: Sequence[Row], outcomes: Sequence[Outcome]) -> list[Goal]:
    incident = [outcome for row, outcome in zip(rows, outcomes, strict=True) if row.family == INCIDENT]
    if not incident:
        return []
    return [
        Goal("incident: videos lost", 0, sum(outcome.lost for outcome in incident)),
        Goal("incident: percent of memory in steady state, worst", 80, max(o.memory_steady_percent for o in incident)),
    ]
