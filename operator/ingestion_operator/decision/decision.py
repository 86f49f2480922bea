"""What was decided, with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ingestion_contract.limits import Limits
from ingestion_contract.status import SourceStatus


class Lever(StrEnum):
    """What the operator can move."""

    PARALLELISM = "parallelism"


@dataclass(frozen=True)
class Verdict:
    """The answer of a policy.

    Attributes:
        value: where the lever belongs; its present value means that it must stay there.
        reason: one word in CamelCase.
        message: one sentence with the evidence.
        ceiling: whether the value is not to be exceeded for a while.
        source: how the run stands with its source from now on; None leaves it as it is.
    """

    lever: Lever
    value: int
    reason: str
    message: str
    ceiling: bool = False
    source: SourceStatus | None = None


@dataclass(frozen=True)
class Finding:
    """Something that holds now, ready for a condition."""

    reason: str
    message: str


@dataclass(frozen=True)
class Ceiling:
    """A parallelism that is not exceeded before it expires."""

    value: int
    expires_at: datetime
    hold_seconds: int


@dataclass(frozen=True)
class Decision:
    """Where the levers belong, and what is to be told.

    Attributes:
        parallelism: worker pods wanted.
        change: why that differs from before; None if it does not.
        limits: for every worker; a new revision if they differ from before.
        stalled: what keeps the run from going on, until something is changed.
        pressure: why memory is short; None if it is not.
        telemetry: what is missing to see the workers; None if nothing is.
        source: how the run stands with its source.
        floor_bytes: what one worker was measured to need at the least.
        device_bytes: size of the smallest device.
    """

    parallelism: int
    change: Verdict | None
    ceiling: Ceiling | None
    limits: Limits
    stalled: Finding | None
    pressure: Finding | None
    telemetry: Finding | None
    source: SourceStatus
    floor_bytes: int | None
    device_bytes: int | None
