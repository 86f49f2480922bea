"""What a fault is: it is drawn by chance, comes at its moment, and is mended."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import ClassVar, Self

from benchmarks.faults.plan import Plan
from benchmarks.faults.scene import Scene

MOMENTS = (0.0, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Shares of the videos that are there when a fault comes: before the list, at work, while it is counted."""


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong in a run.

    Attributes:
        name: in the table, and to choose it by.
        told: what happens, for the table.
        everywhere: it strikes the whole cluster, so that no other run can go on beside it.
        lasting: it lasts until the run has ended.
        stored: its run writes to object storage rather than to a volume.
        at: share of the videos that are there when it comes.
        seconds: how long it lasts.
    """

    name: ClassVar[str]
    told: ClassVar[str]
    everywhere: ClassVar[bool] = False
    lasting: ClassVar[bool] = False
    stored: ClassVar[bool] = False

    at: float = 0.0
    seconds: float = 0.0

    @classmethod
    def draw(cls, random: Random) -> Self:
        """Return one by chance."""
        return cls(at=random.choice(MOMENTS), seconds=round(random.uniform(1, 5), 1))

    @classmethod
    def missing(cls) -> str | None:
        """Return what this machine lacks for it, None if nothing."""
        return None

    def plan(self, plan: Plan) -> Plan:
        """Return what the run's workers are to do, changed as the fault needs it."""
        return plan

    def prepare(self, scene: Scene) -> None:
        """Do what must be done before the run begins."""

    async def inject(self, scene: Scene) -> None:
        """Let it happen, now that its moment has come; some do by themselves, as the plan says."""

    async def undo(self, scene: Scene) -> None:
        """Mend what it has broken."""

    def clear_up(self, scene: Scene) -> None:
        """Take away, after the audit, what `prepare` has made."""

    def findings(self, scene: Scene) -> list[str]:
        """Return what else is wrong after the run, beside what the audit finds."""
        return []
