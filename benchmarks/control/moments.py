"""Moments of a simulation as times of a clock, which is what the operator reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


def moment(seconds: float) -> datetime:
    """Return the moment so many seconds after the beginning."""
    return BEGINNING + timedelta(seconds=seconds)
