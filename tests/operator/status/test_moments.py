"""What a clock that was fast has left in a status."""

from __future__ import annotations

from datetime import datetime, timedelta

from ingestion_contract.status import (
    ActiveTime,
    IngestionRunStatus,
    MemoryStatus,
    SourceStatus,
    TrialStatus,
    WorkersStatus,
)
from ingestion_operator.status.moments import possible
from tests.operator.kit import NOW


def written_at(moment: datetime) -> IngestionRunStatus:
    """A status in which everything has happened at one moment, and lasts for as long as it may."""
    return IngestionRunStatus(
        workers=WorkersStatus(
            parallelism=2,
            changed_at=moment,
            budget_changed_at=moment,
            limits_changed_at=moment,
            ceiling=2,
            ceiling_hold_seconds=1200,
            ceiling_expires_at=moment + timedelta(seconds=1200),
        ),
        memory=MemoryStatus(last_oom_at=moment, pressed_since=moment),
        source=SourceStatus(changed_at=moment, blocked_until=moment + timedelta(seconds=144), pause_seconds=120),
        trial=TrialStatus(
            hold_seconds=900,
            holds_until=moment + timedelta(seconds=900),
            source_limits_each_until=moment + timedelta(hours=4),
        ),
        active=ActiveTime(since=moment),
    )


def test_what_has_just_been_written_is_possible() -> None:
    assert possible(written_at(NOW), NOW) == written_at(NOW)
    assert possible(IngestionRunStatus(), NOW) == IngestionRunStatus()


def test_what_happens_two_hours_from_now_has_happened_now() -> None:
    assert possible(written_at(NOW + timedelta(hours=2)), NOW) == written_at(NOW)


def test_what_happened_long_ago_stays() -> None:
    long_ago = written_at(NOW - timedelta(days=1))
    assert possible(long_ago, NOW) == long_ago
