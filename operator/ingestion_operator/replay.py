"""Taking recorded decisions again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

from ingestion_operator.decision.decide import decide
from ingestion_operator.decision.decision import Decision, Lever
from ingestion_operator.observe.recording import Record


@dataclass(frozen=True)
class Replayed:
    """A recorded decision, and what is decided now from the same snapshot at the same moment."""

    record: Record
    decision: Decision

    @property
    def differences(self) -> list[str]:
        """What is decided otherwise now, field by field; nothing where the decisions are the same."""
        return [
            f"{field.name}: {before} was recorded, {now} is decided now"
            for field in fields(Decision)
            if (before := getattr(self.record.decision, field.name)) != (now := getattr(self.decision, field.name))
        ]

    @property
    def told(self) -> str | None:
        """The change that is decided now, in one line; None if there is none."""
        change, workers = self.decision.change, self.record.snapshot.status.workers
        if change is None or workers is None:
            return None
        before = workers.parallelism if change.lever is Lever.PARALLELISM else workers.budget_percent
        return f"{change.lever} {before} -> {change.value} {change.reason}: {change.message}"


def replay(records: Iterable[Record]) -> Iterator[Replayed]:
    """Decide each recorded snapshot again."""
    for record in records:
        yield Replayed(record, decide(record.snapshot, record.at, frozen=record.frozen))
