"""The decision: the first policy that has an answer moves, or holds, a lever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ingestion_contract.status import TrialStatus
from ingestion_operator.decision.ceiling import ceiling_after
from ingestion_operator.decision.decision import Decision, Finding, Lever, Verdict
from ingestion_operator.decision.limits import current_limits, decide_limits
from ingestion_operator.decision.policies import ignored_exits, minimum, stale_telemetry
from ingestion_operator.decision.policies.another_device import another_device
from ingestion_operator.decision.policies.bounds import bounds
from ingestion_operator.decision.policies.crowded import crowded
from ingestion_operator.decision.policies.danger import danger
from ingestion_operator.decision.policies.eased import eased
from ingestion_operator.decision.policies.memory_emergency import REASON as MEMORY_PRESSURE
from ingestion_operator.decision.policies.memory_emergency import memory_emergency
from ingestion_operator.decision.policies.objectives import short_of_objectives
from ingestion_operator.decision.policies.over_target import over_target
from ingestion_operator.decision.policies.overestimated import overestimated
from ingestion_operator.decision.policies.pressure import pressed_since, pressure, too_full
from ingestion_operator.decision.policies.recovery import recovery
from ingestion_operator.decision.policies.settling import settling
from ingestion_operator.decision.policies.source_blocked import source_blocked
from ingestion_operator.decision.policies.starved import starved
from ingestion_operator.decision.policies.trial import trial
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.snapshot import Snapshot
from ingestion_operator.decision.words import short_of_memory

PRESSURE_AFTER_EXIT_SECONDS = 120.0
"""How long an exit for want of memory is a sign of pressure."""

Policy = Callable[[Situation], Verdict | None]

POLICIES: tuple[Policy, ...] = (
    source_blocked,
    ignored_exits.ignored_exits,
    bounds,
    settling,
    memory_emergency,
    overestimated,
    over_target,
    danger,
    pressure,
    stale_telemetry.stale_telemetry,
    trial,
    starved,
    crowded,
    eased,
    recovery,
    another_device,
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
    change = verdict if verdict is not None and verdict.value != situation.lever(verdict.lever) else None
    parallelism = _after(situation, Lever.PARALLELISM, change)
    budget_percent = _after(situation, Lever.BUDGET, change)
    source = verdict.source if verdict is not None and verdict.source is not None else snapshot.status.source
    return Decision(
        parallelism=parallelism,
        budget_percent=budget_percent,
        change=change,
        ceiling=ceiling_after(situation, change),
        limits=current_limits(situation) if frozen else decide_limits(situation, parallelism, budget_percent),
        stalled=minimum.out_of_memory_at_minimum(situation),
        pressure=_pressure(situation, change),
        pressed_since=pressed_since(situation),
        telemetry=_telemetry(situation),
        short_of=short_of_objectives(situation),
        source=source,
        trial=_trial(situation, verdict, change),
        floors=situation.floors,
        device_bytes=min((gpu.total for gpu in situation.gpus), default=snapshot.status.memory.device_bytes),
        devices=situation.devices,
        shared=situation.shared,
    )


def _first(situation: Situation) -> Verdict | None:
    return next((verdict for policy in POLICIES if (verdict := policy(situation)) is not None), None)


def _after(situation: Situation, lever: Lever, change: Verdict | None) -> int:
    return change.value if change is not None and change.lever is lever else situation.lever(lever)


def _trial(situation: Situation, verdict: Verdict | None, change: Verdict | None) -> TrialStatus:
    """Return the trial as it stands; a change for another reason ends it, since it would be judged by that."""
    present = situation.snapshot.status.trial
    if verdict is not None and verdict.trial is not None:
        return verdict.trial
    return present if change is None else present.model_copy(update={"from_": None})


def _pressure(situation: Situation, change: Verdict | None) -> Finding | None:
    if change is not None and change.ceiling:
        return Finding(change.reason, change.message)
    just_exhausted = any(
        situation.seconds_since(ended.finished_at) < PRESSURE_AFTER_EXIT_SECONDS for ended in situation.exhausted
    )
    if situation.waiting or just_exhausted:
        return Finding(MEMORY_PRESSURE, short_of_memory(situation))
    return too_full(situation)


def _telemetry(situation: Situation) -> Finding | None:
    if not situation.silent:
        return None
    return Finding(stale_telemetry.REASON, stale_telemetry.silence(situation))
