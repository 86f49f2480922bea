"""Workers that end for want of memory count against no index, so Kubernetes would start them again for ever."""

from __future__ import annotations

from ingestion_operator.decision.decision import Lever, Verdict
from ingestion_operator.decision.exits import exhausted_in_row, too_many
from ingestion_operator.decision.policies.minimum import REASON, still_stalled
from ingestion_operator.decision.situation import Situation

RESUMED = "Resumed"


def ignored_exits(situation: Situation) -> Verdict | None:
    """Stop after too many exits at the minimum; go on when the spec is changed."""
    if situation.wanted == 0 and situation.snapshot.status.source.blocked_until is None:
        return _stay_stopped(situation)
    if not too_many(situation):
        return None
    message = (
        f"{exhausted_in_row(situation)} workers in a row ended because waiting for memory did not help (exit code 85), "
        "and no shard was completed meanwhile; no more are started until the spec is changed"
    )
    return Verdict(Lever.PARALLELISM, 0, REASON, message)


def _stay_stopped(situation: Situation) -> Verdict:
    if still_stalled(situation) is not None:
        return Verdict(Lever.PARALLELISM, 0, REASON, "the spec has not been changed")
    return Verdict(Lever.PARALLELISM, situation.bounds.min, RESUMED, "the spec has been changed")
