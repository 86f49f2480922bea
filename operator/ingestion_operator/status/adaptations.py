"""The list of changes of a lever, each with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ingestion_contract.status import MAX_ADAPTATIONS, Adaptation
from ingestion_operator.clock import whole_seconds
from ingestion_operator.decision.decision import Verdict


def add_adaptation(known: Sequence[Adaptation], change: Verdict, before: int, now: datetime) -> list[Adaptation]:
    """Return the list with the change at its end, without the oldest if it grows too long."""
    adaptation = Adaptation(
        time=whole_seconds(now),
        lever=change.lever.value,
        from_=before,
        to=change.value,
        reason=change.reason,
        message=change.message,
    )
    return [*known, adaptation][-MAX_ADAPTATIONS:]
