"""What was measured, and which goals were reached."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.load.long_list import LongList
from benchmarks.load.outcome import Outcome
from benchmarks.reaction.report import GOAL_SECONDS as MOST_SECONDS_TO_PATCH

FULL_RUNS = 1000
"""For which the goals are meant."""
MOST_CORES = 0.5
MOST_RESIDENT_BYTES = 400e6
MOST_STATUS_BYTES = 100e3
MOST_GROWTH = 1.5
"""By which the cost of a run may grow from fewer runs to more: half as much again, for what a machine does besides."""


@dataclass(frozen=True)
class Goal:
    """Something that was aimed at, with what was measured."""

    words: str
    reached: bool


@dataclass(frozen=True)
class Report:
    """All of a measurement.

    Attributes:
        about: the machine and the versions.
        smaller: with fewer runs.
        ours: our operator.
        minimal: one that only creates Jobs.
        long_list: what a long list takes in the worker.
    """

    about: dict[str, str]
    smaller: Outcome
    ours: Outcome
    minimal: Outcome
    long_list: LongList

    @property
    def growth(self) -> float:
        """CPU per run at work, with all runs, as a multiple of that with fewer."""
        assert self.ours.busy is not None
        assert self.smaller.busy is not None
        small = self.smaller.busy.cores / self.smaller.runs
        return (self.ours.busy.cores / self.ours.runs) / small if small else float("inf")

    @property
    def bytes_per_run(self) -> float:
        """Resident memory that another active run takes, with the five ended ones that are counted with it."""
        more = self.ours.steady.resident_bytes - self.smaller.steady.resident_bytes
        return more / (self.ours.runs - self.smaller.runs) if self.ours.runs > self.smaller.runs else 0.0

    def goals(self) -> list[Goal]:
        """Return all goals, in the order in which they are told."""
        steady, busy, large = self.ours.steady, self.ours.busy, self.ours.large
        assert busy is not None
        assert large is not None
        cores, resident = max(steady.cores, busy.cores), max(steady.resident_bytes, busy.resident_bytes)
        patched = sum(each.patched_at is not None for each in self.ours.reactions)
        to_patch = self.ours.to_patch
        took = "none was" if to_patch is None else f"{to_patch:.2f} s"
        asked = ", ".join(f"{kind} {number}" for kind, number in steady.requests.items()) or "none"
        return [
            Goal(f"at most half a core: {cores:.2f}", cores <= MOST_CORES),
            Goal(f"at most 400 MB of resident memory: {resident / 1e6:.0f}", resident <= MOST_RESIDENT_BYTES),
            Goal(f"no request to the API server while nothing changes: {asked}", not steady.requests),
            Goal(
                f"the Job is patched within {MOST_SECONDS_TO_PATCH:g} s of an OOM in the median: {took}, in {patched} "
                f"of {self.ours.short} runs",
                to_patch is not None and to_patch <= MOST_SECONDS_TO_PATCH and patched == self.ours.short,
            ),
            Goal(
                f"cost linear in runs: each takes {self.growth:.2f} times the CPU that it takes among "
                f"{self.smaller.runs}",
                self.growth <= MOST_GROWTH,
            ),
            Goal(
                f"the status of a run of {large.videos:,} videos below 100 KB: {large.status_bytes / 1e3:.1f} KB",
                large.status_bytes < MOST_STATUS_BYTES,
            ),
        ]

    def write(self, path: Path) -> None:
        """Write the report as JSON."""
        told: dict[str, Any] = {
            **asdict(self),
            "growth": self.growth,
            "bytes_per_run": self.bytes_per_run,
            "goals": [asdict(goal) for goal in self.goals()],
        }
        path.write_text(json.dumps(told, indent=2) + "\n")
