"""Memory has been free for long enough: up to what was measured to fit."""

from __future__ import annotations

from ingestion_operator.decision.decision import Lever, Verdict
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.words import what_fits

REASON = "MemoryRecovered"


def recovery(situation: Situation) -> Verdict | None:
    """Go up to the least of: the maximum, what fits, the ceiling while it holds, and the work that is left."""
    if situation.floor is None or not _calm(situation):
        return None
    value = min(situation.bounds.max, _room(situation, situation.floor), _ceiling(situation), situation.remaining)
    if value <= situation.wanted:
        return None
    seconds = situation.memory.recovery_after_seconds
    evidence = f"no memory trouble for {seconds} s; {what_fits(situation, situation.floor)}"
    return Verdict(Lever.PARALLELISM, value, REASON, evidence)


def _calm(situation: Situation) -> bool:
    wait = situation.memory.recovery_after_seconds
    moments = (
        situation.snapshot.quiet_since,
        situation.workers.changed_at,
        situation.snapshot.status.memory.last_oom_at,
    )
    return situation.all_heard and not situation.waiting and all(situation.seconds_since(at) >= wait for at in moments)


def _room(situation: Situation, floor: int) -> int:
    """Return how many workers the known devices hold; on devices of their own, memory sets no limit to their number."""
    if situation.exclusive:
        return situation.bounds.max
    return sum(gpu.fit(floor, situation.memory.target_percent) for gpu in situation.gpus)


def _ceiling(situation: Situation) -> int:
    expires, ceiling = situation.workers.ceiling_expires_at, situation.workers.ceiling
    holds = ceiling is not None and expires is not None and situation.now < expires
    return ceiling if holds and ceiling is not None else situation.bounds.max
