"""Bugs planted in the real decision, one at a time: the contest must notice each by a goal that is missed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from unittest.mock import patch

from benchmarks.control.moments import BEGINNING
from benchmarks.control.operator import Law
from ingestion_contract.status import IngestionRunStatus
from ingestion_operator.decision import decide as module
from ingestion_operator.decision.decide import decide
from ingestion_operator.decision.decision import Decision
from ingestion_operator.decision.policies.another_device import another_device
from ingestion_operator.decision.policies.recovery import recovery
from ingestion_operator.decision.policies.stale_telemetry import stale_telemetry
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.snapshot import Snapshot


def no_ceiling_memory(snapshot: Snapshot, now: datetime) -> Decision:
    """Forget at which number of workers memory ran out."""
    return replace(decide(_without_ceiling(snapshot), now), ceiling=None)


def fit_by_current_use(snapshot: Snapshot, now: datetime) -> Decision:
    """Take for a worker's floor what it holds now, batches included."""
    samples = {
        uid: replace(sample, floor=sample.own) if sample.floor else sample for uid, sample in snapshot.samples.items()
    }
    memory = snapshot.status.memory.model_copy(update={"floors": [], "floor_bytes": None})
    return decide(replace(snapshot, samples=samples, status=_with(snapshot, memory=memory)), now)


def no_hold(snapshot: Snapshot, now: datetime) -> Decision:
    """Wait for nothing: not for the effect of a change, not for memory to have been free for a while."""
    spec = snapshot.run.spec
    hasty = spec.model_copy(update={"memory": spec.memory.model_copy(update={"recovery_after_seconds": 1})})
    workers, memory = snapshot.status.workers, snapshot.status.memory
    assert workers is not None
    status = _with(
        snapshot,
        workers=workers.model_copy(update={"changed_at": None, "ceiling_expires_at": BEGINNING}),
        memory=memory.model_copy(update={"last_oom_at": None}),
    )
    run = snapshot.run.model_copy(update={"spec": hasty})
    return decide(replace(snapshot, run=run, status=status, quiet_since=BEGINNING), now)


def up_on_stale_telemetry(snapshot: Snapshot, now: datetime) -> Decision:
    """Take old samples for new ones, and silence for health: with nothing to speak against it, go to what fits."""
    if Situation(snapshot, now).all_heard:
        return decide(snapshot, now)
    policies = tuple(policy for policy in module.POLICIES if policy is not stale_telemetry)
    samples = {uid: replace(sample, utilisation=None) for uid, sample in snapshot.samples.items()}
    believing = replace(snapshot, samples=samples, rate=None, sample_valid_seconds=1e9, quiet_since=BEGINNING)
    with patch.object(module, "POLICIES", policies), patch.object(Situation, "all_heard", True):
        return decide(believing, now)


def never_up(snapshot: Snapshot, now: datetime) -> Decision:
    """Never start more workers when memory is free."""
    policies = tuple(policy for policy in module.POLICIES if policy not in (recovery, another_device))
    with patch.object(module, "POLICIES", policies):
        return decide(snapshot, now)


def _without_ceiling(snapshot: Snapshot) -> Snapshot:
    workers = snapshot.status.workers
    assert workers is not None
    forgotten = workers.model_copy(update={"ceiling": None, "ceiling_expires_at": None, "ceiling_hold_seconds": None})
    return replace(snapshot, status=_with(snapshot, workers=forgotten))


def _with(snapshot: Snapshot, **parts: object) -> IngestionRunStatus:
    return snapshot.status.model_copy(update=parts)


BUGS: Mapping[str, Callable[[], Law]] = {
    "no-ceiling-memory": lambda: no_ceiling_memory,
    "fit-by-current-use": lambda: fit_by_current_use,
    "no-hold": lambda: no_hold,
    "up-on-stale-telemetry": lambda: up_on_stale_telemetry,
    "never-up": lambda: never_up,
}
