"""What was measured, as distributions."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles

from benchmarks.reaction.timeline import Kind, Reaction

GOAL_SECONDS = 2.0
"""To the patched Job, in the median."""


@dataclass(frozen=True)
class Distribution:
    """Seconds of those that came to it."""

    count: int
    median: float
    p95: float
    longest: float


@dataclass(frozen=True)
class Load:
    """What the machine had to do while it was measured.

    Attributes:
        worker_pods: that ran at the beginning.
        machine_percent: how busy all of its cores were.
        operator_core_percent: how busy the operator kept one core.
    """

    worker_pods: int
    machine_percent: float
    operator_core_percent: float


@dataclass(frozen=True)
class Replay:
    """The operator's recorded decisions, taken again."""

    decisions: int
    differing: int


@dataclass(frozen=True)
class Report:
    """All of a measurement.

    Attributes:
        about: the machine, the settings and the versions.
        runs: how many there were.
        reactions: of the runs whose memory ran out where the operator could see it.
    """

    about: dict[str, str]
    runs: int
    reactions: list[Reaction]
    load: Load
    replay: Replay

    def distribution(
        self, seconds: Callable[[Reaction], float | None], kinds: Sequence[Kind] = tuple(Kind)
    ) -> Distribution | None:
        """Return the distribution of a time; None if no reaction came to it."""
        found = [took for each in self.reactions if each.kind in kinds and (took := seconds(each)) is not None]
        if not found:
            return None
        return Distribution(len(found), median(found), _p95(found), max(found))

    @property
    def missed(self) -> int:
        """Runs in which no Job was patched."""
        return self.runs - sum(each.patched_at is not None for each in self.reactions)

    def write(self, path: Path) -> None:
        """Write the report as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        groups = {name: self._group(kinds) for name, kinds in GROUPS.items()}
        reactions = [{**asdict(each), **_seconds(each)} for each in self.reactions]
        told = {"about": self.about, "runs": self.runs, "missed": self.missed, "goal_seconds": GOAL_SECONDS}
        told |= {"load": asdict(self.load), "replay": asdict(self.replay)}
        path.write_text(json.dumps({**told, **groups, "reactions": reactions}, indent=2) + "\n")

    def _group(self, kinds: Sequence[Kind]) -> dict[str, object]:
        found = {name: self.distribution(seconds, kinds) for name, seconds in TIMES.items()}
        return {name: asdict(each) if each is not None else None for name, each in found.items()}


GROUPS = {"all": tuple(Kind), **{kind.value: (kind,) for kind in Kind}}
TIMES: dict[str, Callable[[Reaction], float | None]] = {
    "to_status": lambda each: each.to_status,
    "to_patch": lambda each: each.to_patch,
    "to_relief": lambda each: each.to_relief,
}


def _seconds(each: Reaction) -> dict[str, float | None]:
    return {name: seconds(each) for name, seconds in TIMES.items()}


def _p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]
