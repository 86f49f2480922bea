"""A device that workers share has been too full for a while, though none of them waits: act before memory runs out."""

from __future__ import annotations

from datetime import datetime

from ingestion_operator.decision.decision import Finding, Lever, Verdict
from ingestion_operator.decision.removal import frees
from ingestion_operator.decision.situation import Gpu, Situation
from ingestion_operator.decision.words import device, gib

REASON = "DeviceTooFull"
PRESSURE_PERCENT = 88
"""Of a device."""
PRESSED_SECONDS = 30.0
"""Loading a model takes less, and so does keeping to new limits: a worker is above its budget for 15 s at the most."""
EASED_PERCENT = 90
"""Of its part of the target, what each worker may still use then."""
EFFECT_SECONDS = 60.0
"""Within which smaller budgets are to show: a worker above its own loads its models again after 15 s."""


def pressure(situation: Situation) -> Verdict | None:
    """Lower the budgets first; if that has not helped, take one worker away, provided that it is on that device."""
    gpus = _pressed(situation)
    if not gpus or situation.seconds_since(situation.workers.limits_changed_at) < PRESSED_SECONDS:
        return None
    seconds = situation.seconds_since(situation.snapshot.status.memory.pressed_since)
    evidence = f"{_evidence(gpus[0])} for {seconds:.0f} s"
    if situation.workers.budget_percent > EASED_PERCENT and situation.floor is not None:
        message = f"{evidence}; the workers' budgets are lowered"
        return Verdict(Lever.BUDGET, EASED_PERCENT, REASON, message)
    if situation.seconds_since(situation.workers.budget_changed_at) < EFFECT_SECONDS:
        return Verdict(Lever.PARALLELISM, situation.wanted, REASON, f"{evidence}; lower budgets are to show first")
    value = situation.wanted - 1
    if value < situation.bounds.min or not frees(situation, value, gpus):
        return None
    message = f"{evidence}, and lower budgets have not helped; one worker less"
    return Verdict(Lever.PARALLELISM, value, REASON, message, ceiling=True)


def pressed_since(situation: Situation) -> datetime | None:
    """Return since when a shared device has been too full."""
    if not _too_full(situation):
        return None
    return situation.snapshot.status.memory.pressed_since or situation.now


def too_full(situation: Situation) -> Finding | None:
    """Return what to say of devices that have been too full for a while."""
    gpus = _pressed(situation)
    return Finding(REASON, _evidence(gpus[0])) if gpus else None


def _pressed(situation: Situation) -> list[Gpu]:
    """Return the devices that are too full, once that has lasted."""
    since = situation.snapshot.status.memory.pressed_since
    lasts = since is not None and situation.seconds_since(since) >= PRESSED_SECONDS
    return _too_full(situation) if lasts else []


def _too_full(situation: Situation) -> list[Gpu]:
    return [gpu for gpu in situation.gpus if gpu.claims > 1 and 100 * gpu.used > PRESSURE_PERCENT * gpu.total]


def _evidence(gpu: Gpu) -> str:
    return f"{gib(gpu.used)} of {gib(gpu.total)} on {device(gpu)} are in use, more than {PRESSURE_PERCENT} %"
