"""Conditions: what holds for a run, since when, and why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ingestion_contract.redaction import redacted
from ingestion_contract.status import Condition, ConditionStatus, ConditionType
from ingestion_operator.clock import whole_seconds

_ORDER = list(ConditionType)
_MAX_MESSAGE = 32_768
_TRUTH = {True: ConditionStatus.TRUE, False: ConditionStatus.FALSE}


class Conditions:
    """The conditions of a run as they are being worked out for one generation at one moment."""

    def __init__(self, present: Iterable[Condition], generation: int, now: datetime) -> None:
        self._by_type = {condition.type: condition for condition in present}
        self._generation = generation
        self._now = whole_seconds(now)

    def set(self, kind: ConditionType, holds: bool | None, reason: str, message: str = "") -> None:
        """Set a condition; None is unknown. Its transition time moves only when its status does."""
        status = ConditionStatus.UNKNOWN if holds is None else _TRUTH[holds]
        before = self._by_type.get(kind)
        moved = before is None or before.status is not status
        self._by_type[kind] = Condition(
            type=kind,
            status=status,
            reason=reason,
            message=redacted(message)[:_MAX_MESSAGE],
            last_transition_time=self._now if moved or before is None else before.last_transition_time,
            observed_generation=self._generation,
        )

    def drop(self, kind: ConditionType) -> None:
        """Take a condition away."""
        self._by_type.pop(kind, None)

    def progressing(self, reason: str, message: str) -> None:
        """The run is on its way (kstatus: InProgress)."""
        self._summary(reason, message, ready=False, reconciling=True, stalled=False)

    def resting(self, reason: str, message: str) -> None:
        """The run waits because its user wants it to."""
        self._summary(reason, message, ready=False, reconciling=False, stalled=False)

    def stalled(self, reason: str, message: str) -> None:
        """The run cannot go on unless something is changed (kstatus: Failed)."""
        self._summary(reason, message, ready=False, reconciling=False, stalled=True)

    def complete(self, reason: str, message: str) -> None:
        """The run has ended well (kstatus: Current)."""
        self._summary(reason, message, ready=True, reconciling=False, stalled=False)
        self.set(ConditionType.COMPLETE, True, reason, message)

    def failed(self, reason: str, message: str) -> None:
        """The run has ended, and not well (kstatus: Failed)."""
        self.stalled(reason, message)
        self.set(ConditionType.FAILED, True, reason, message)

    def get(self, kind: ConditionType) -> Condition | None:
        """Return a condition, if it is set."""
        return self._by_type.get(kind)

    def to_list(self) -> list[Condition]:
        """Return all conditions in a fixed order."""
        return sorted(self._by_type.values(), key=lambda condition: _ORDER.index(condition.type))

    def _summary(self, reason: str, message: str, *, ready: bool, reconciling: bool, stalled: bool) -> None:
        self.set(ConditionType.READY, ready, reason, message)
        self.set(ConditionType.RECONCILING, reconciling, reason, message)
        self.set(ConditionType.STALLED, stalled, reason, message)


def find_condition(conditions: Iterable[Condition], kind: ConditionType) -> Condition | None:
    """Return a condition, if it is there."""
    return next((condition for condition in conditions if condition.type is kind), None)


def holds(conditions: Iterable[Condition], kind: ConditionType) -> bool:
    """Return whether a condition is there and true."""
    found = find_condition(conditions, kind)
    return found is not None and found.status is ConditionStatus.TRUE
