"""What the other laws are made of: the real limits and findings around a parallelism of their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ingestion_operator.decision.decide import decide
from ingestion_operator.decision.decision import Decision, Lever, Verdict
from ingestion_operator.decision.limits import decide_limits
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.snapshot import Snapshot


def with_parallelism(snapshot: Snapshot, now: datetime, value: int, reason: str) -> Decision:
    """Return the decision for so many workers, within the run's bounds: budgets are shared out as ours are."""
    situation = Situation(snapshot, now)
    value = max(situation.bounds.min, min(situation.bounds.max, value))
    change = Verdict(Lever.PARALLELISM, value, reason, reason) if value != situation.wanted else None
    return replace(
        decide(snapshot, now, frozen=True),
        parallelism=value,
        change=change,
        limits=decide_limits(situation, value, situation.workers.budget_percent),
    )


def in_trouble(situation: Situation) -> bool:
    """Return whether memory has been short since the lever was last moved: who waits, has ended for it, or says so."""
    known = situation.snapshot.status.memory.oom_by_pod
    counted = any(sample.oom_events > known.get(uid, 0) for uid, sample in situation.fresh.items())
    return bool(situation.waiting or situation.exhausted or counted)


def settled(situation: Situation) -> bool:
    """Return whether all workers that are wanted are there and are heard."""
    return situation.all_heard and len(situation.active) == len(situation.staying)
