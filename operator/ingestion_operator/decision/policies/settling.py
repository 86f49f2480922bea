"""A change of the lever is given time to show: no second one before its effect can be seen."""

from __future__ import annotations

from ingestion_operator.decision.decision import Lever, Verdict
from ingestion_operator.decision.situation import Situation

REASON = "Settling"
LIMIT_SECONDS = 120.0


def settling(situation: Situation) -> Verdict | None:
    """Hold until surplus pods are on their way out and something newer has been heard, or time is up."""
    changed_at = situation.workers.changed_at
    if changed_at is None or situation.seconds_since(changed_at) >= LIMIT_SECONDS:
        return None
    surplus = len(situation.staying) > situation.wanted
    heard = any(sample.at > changed_at for sample in situation.fresh.values())
    older = any(sample.at <= changed_at for sample in situation.fresh.values())
    newer_evidence = (heard and not older) or bool(situation.exhausted)
    if newer_evidence and not surplus:
        return None
    return Verdict(Lever.PARALLELISM, situation.wanted, REASON, "the last change is not yet in effect")
