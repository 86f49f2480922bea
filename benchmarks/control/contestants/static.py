"""Always the same number of workers: what a manifest without this operator has."""

from __future__ import annotations

from datetime import datetime

from benchmarks.control.contestants.kit import with_parallelism
from benchmarks.control.operator import Law
from ingestion_operator.decision.decision import Decision
from ingestion_operator.decision.snapshot import Snapshot


def static(workers: int) -> Law:
    """Return the law."""

    def law(snapshot: Snapshot, now: datetime) -> Decision:
        return with_parallelism(snapshot, now, workers, "Static")

    return law
