"""What was decided, with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ingestion_contract.limits import Limits
from ingestion_contract.status import MeasuredFloor, SourceStatus, TrialStatus


class Lever(StrEnum):
    """What the operator can move."""

    PARALLELISM = "parallelism"
    """Worker pods wanted."""
    BUDGET = "budgetPercent"
    """Of its part of the target, what each worker may use of its device."""


@dataclass(frozen=True)
class Verdict:
    """The answer of a policy.

    Attributes:
        value: where the lever belongs; its present value means that it must stay there.
        reason: one word in CamelCase.
        message: one sentence with the evidence.
        ceiling: whether the value is not to be exceeded for a while.
        source: how the run stands with its source from now on; None leaves it as it is.
        trial: what is being tried from now on; None leaves it as it is.
    """

    lever: Lever
    value: int
    reason: str
    message: str
    ceiling: bool = False
    source: SourceStatus | None = None
    trial: TrialStatus | None = None


@dataclass(frozen=True)
class Finding:
    """Something that holds now, ready for a condition."""

    reason: str
    message: str


@dataclass(frozen=True)
class Ceiling:
    """A parallelism that is not exceeded before it expires, and what others held of the devices when it was set."""

    value: int
    expires_at: datetime
    hold_seconds: int
    neighbour_bytes: int = 0


@dataclass(frozen=True)
class Decision:
    """Where the levers belong, and what is to be told.

    Attributes:
        parallelism: worker pods wanted.
        budget_percent: of its part of the target, what each worker may use.
        change: why one of them differs from before; None if none does.
        limits: for every worker; a new revision if they differ from before.
        stalled: what keeps the run from going on, until something is changed.
        pressure: why memory is short; None if it is not.
        pressed_since: since when a shared device has been too full; None if none is.
        telemetry: what is missing to see the workers; None if nothing is.
        short_of: the objective that the run is short of; None if it is not, or nothing is known yet.
        source: how the run stands with its source.
        trial: what is being tried for the sake of speed.
        floors: the last measurements of what one worker needs at the least.
        device_bytes: size of the smallest device.
        devices: on so many devices workers were heard at once, at the most.
        shared: whether workers were seen to share a device.
    """

    parallelism: int
    budget_percent: int
    change: Verdict | None
    ceiling: Ceiling | None
    limits: Limits
    stalled: Finding | None
    pressure: Finding | None
    pressed_since: datetime | None
    telemetry: Finding | None
    short_of: Finding | None
    source: SourceStatus
    trial: TrialStatus
    floors: list[MeasuredFloor]
    device_bytes: int | None
    devices: int
    shared: bool
