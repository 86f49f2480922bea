"""The contestants: each a law from what the operator sees to where the levers belong, on the same workers."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.control.contestants.aimd import aimd
from benchmarks.control.contestants.halving import halving
from benchmarks.control.contestants.hill_climber import HillClimber
from benchmarks.control.contestants.static import static
from benchmarks.control.operator import Law
from ingestion_operator.decision.decide import decide

OURS, HUMAN = "ours", "human"
LAWS: dict[str, Callable[[], Law]] = {
    OURS: lambda: decide,
    "aimd": lambda: aimd,
    "halving": lambda: halving,
    "hill-climber": HillClimber,
}
"""Laws that adapt, and begin where the run says."""
STATIC = {"static-1": 1, "static-2": 2, "static-4": 4}
CONTESTANTS = (OURS, *STATIC, HUMAN, *(name for name in LAWS if name != OURS))

__all__ = ["CONTESTANTS", "HUMAN", "LAWS", "OURS", "STATIC", "Law", "static"]
