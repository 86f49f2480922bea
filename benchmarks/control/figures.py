"""The figures of a contest: per contestant, over many scenarios. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from benchmarks.control.contestants import LAWS, OURS
from benchmarks.control.outcome import Outcome
from benchmarks.control.rows import Row

TIE = 0.01
"""Who is at most so much slower is as fast."""


@dataclass(frozen=True)
class Figures:
    """A contestant over some scenarios.

    Attributes:
        lost_to_memory: videos, in all scenarios together.
        regret_median, regret_p95, regret_worst: how much longer than with the best static setting it took, as a share.
        clairvoyant_regret_median: how much longer than it has to.
        oom_episodes_median: bursts of failed allocations in a run.
        oom_beyond_neighbours_median: the same, less one for each time that a neighbour came or went.
        changes_median: of parallelism in a run.
        memory_steady_percent: of the fullest device in the second half of a run, the 95th percentile; over the runs,
            the median.
        memory_steady_worst_percent: of that the highest.
        gpu_hours_per_audio_hour: the median.
        gpu_hours_of_oracle: in those of the best static setting, the median.
        best_adaptive_share: share of the scenarios in which no other adaptive contestant was more than 1 % faster; None
            for those that do not adapt.
        faster, slower: share of the scenarios in which it was more than 1 % faster, or slower, than each other adaptive
            contestant.
    """

    lost_to_memory: int
    regret_median: float
    regret_p95: float
    regret_worst: float
    clairvoyant_regret_median: float
    oom_episodes_median: float
    oom_beyond_neighbours_median: float
    changes_median: float
    memory_steady_percent: float
    memory_steady_worst_percent: float
    gpu_hours_per_audio_hour: float
    gpu_hours_of_oracle: float
    best_adaptive_share: float | None
    faster: Mapping[str, float]
    slower: Mapping[str, float]


def figures(rows: Sequence[Row], name: str) -> Figures:
    """Return the figures of a contestant."""
    others = [other for other in LAWS if other != name] if name in LAWS else []
    return figures_of(rows, [row.outcomes[name] for row in rows], others)


def figures_of(rows: Sequence[Row], outcomes: Sequence[Outcome], others: Sequence[str]) -> Figures:
    """Return the figures of outcomes, one for each row, beside other adaptive contestants."""
    pairs = list(zip(rows, outcomes, strict=True))
    regrets = [row.regret(outcome) for row, outcome in pairs]
    return Figures(
        lost_to_memory=sum(outcome.lost for outcome in outcomes),
        regret_median=median(regrets),
        regret_p95=percentile(regrets, 95),
        regret_worst=max(regrets),
        clairvoyant_regret_median=median(row.clairvoyant_regret(outcome) for row, outcome in pairs),
        oom_episodes_median=median(outcome.oom_episodes for outcome in outcomes),
        oom_beyond_neighbours_median=median(row.oom_beyond_neighbours(outcome) for row, outcome in pairs),
        changes_median=median(outcome.changes for outcome in outcomes),
        memory_steady_percent=median(outcome.memory_steady_percent for outcome in outcomes),
        memory_steady_worst_percent=max(outcome.memory_steady_percent for outcome in outcomes),
        gpu_hours_per_audio_hour=median(outcome.gpu_seconds / row.audio_seconds for row, outcome in pairs),
        gpu_hours_of_oracle=median(outcome.gpu_seconds / row.oracle.gpu_seconds for row, outcome in pairs),
        best_adaptive_share=_share(_ahead(row, outcome, others) for row, outcome in pairs) if others else None,
        faster={
            other: _share(outcome.seconds * (1 + TIE) < row.outcomes[other].seconds for row, outcome in pairs)
            for other in others
        },
        slower={
            other: _share(outcome.seconds > row.outcomes[other].seconds * (1 + TIE) for row, outcome in pairs)
            for other in others
        },
    )


def nearly_fastest(rows: Sequence[Row], outcomes: Sequence[Outcome], tie: float) -> float:
    """Return the share of the scenarios in which no law but ours was faster than that outcome by more than a share."""
    others = [other for other in LAWS if other != OURS]
    return _share(_ahead(row, outcome, others, tie) for row, outcome in zip(rows, outcomes, strict=True))


def percentile(values: Sequence[float], percent: int) -> float:
    """Return a percentile, of few values the highest."""
    return quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else max(values)


def _ahead(row: Row, outcome: Outcome, others: Sequence[str], tie: float = TIE) -> bool:
    return all(outcome.seconds <= row.outcomes[other].seconds * (1 + tie) for other in others)


def _share(held: Iterable[bool]) -> float:
    seen = list(held)
    return sum(seen) / len(seen)
