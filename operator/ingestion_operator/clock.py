"""The time, as a dependency, so that tests decide what it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present moment, with a time zone."""


def system_clock() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def parse_time(text: str | None) -> datetime | None:
    """Read a time as Kubernetes writes it; None stays None."""
    return datetime.fromisoformat(text) if text else None


def whole_seconds(moment: datetime) -> datetime:
    """Return the moment without its fraction of a second, as Kubernetes' own times are."""
    return moment.replace(microsecond=0)
