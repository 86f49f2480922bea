"""The decision: the first policy that has an answer moves, or holds, the lever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ingestion_operator.decision.ceiling import ceiling_after
from ingestion_operator.decision.decision import Decision, Finding, Verdict
from ingestion_operator.decision.limits import current_limits, decide_limits
from ingestion_operator.decision.policies import minimum, stale_telemetry
from ingestion_operator.decision.policies.bounds import bounds
from ingestion_operator.decision.policies.danger import danger
from ingestion_operator.decision.policies.memory_emergency import REASON as MEMORY_PRESSURE
from ingestion_operator.decision.policies.memory_emergency import memory_emergency
from ingestion_operator.decision.policies.over_target import over_target
from ingestion_operator.decision.policies.recovery import recovery
from ingestion_operator.decision.policies.settling import settling
from ingestion_operator.decision.policies.source_blocked import source_blocked
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.snapshot import Snapshot
from ingestion_operator.decision.words import short_of_memory

PRESSURE_AFTER_EXIT_SECONDS = 120.0
"""How long an exit for want of memory is a sign of pressure."""

Policy = Callable[[Situation], Verdict | None]

POLICIES: tuple[Policy, ...] = (
    source_blocked,
    bounds,
    settling,
    memory_emergency,
    over_target,
    danger,
    stale_telemetry.stale_telemetry,
    recovery,
)
"""In order of precedence: what must hold at once comes first, what may raise comes last."""


def decide(snapshot: Snapshot, now: datetime, *, frozen: bool = False) -> Decision:
    """Return where the levers belong now.

    Args:
        snapshot: the run and what is seen of it, while its work goes on.
        now: the moment.
        frozen: whether the levers must stay where they are, whatever the policies say.
    """
    situation = Situation(snapshot, now)
    verdict = None if frozen else _first(situation)
    change = verdict if verdict is not None and verdict.value != situation.wanted else None
    parallelism = situation.wanted if change is None else change.value
    source = verdict.source if verdict is not None and verdict.source is not None else snapshot.status.source
    return Decision(
        parallelism=parallelism,
        change=change,
        ceiling=ceiling_after(situation, change),
        limits=current_limits(situation) if frozen else decide_limits(situation, parallelism),
        stalled=minimum.out_of_memory_at_minimum(situation),
        pressure=_pressure(situation, change),
        telemetry=_telemetry(situation),
        source=source,
        floor_bytes=situation.floor,
        device_bytes=min((gpu.total for gpu in situation.gpus), default=snapshot.status.memory.device_bytes),
    )


def _first(situation: Situation) -> Verdict | None:
    return next((verdict for policy in POLICIES if (verdict := policy(situation)) is not None), None)


def _pressure(situation: Situation, change: Verdict | None) -> Finding | None:
    if change is not None and change.ceiling:
        return Finding(change.reason, change.message)
    just_exhausted = any(
        situation.seconds_since(ended.finished_at) < PRESSURE_AFTER_EXIT_SECONDS for ended in situation.exhausted
    )
    if situation.waiting or just_exhausted:
        return Finding(MEMORY_PRESSURE, short_of_memory(situation))
    return None


def _telemetry(situation: Situation) -> Finding | None:
    if not situation.silent:
        return None
    return Finding(stale_telemetry.REASON, stale_telemetry.silence(situation))
