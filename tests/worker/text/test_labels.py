"""What people read for times, numbers, stages and states."""

import pytest

from ingestion_contract.metrics import Stage, WorkerState
from ingestion_worker.text.durations import clock, short_clock
from ingestion_worker.text.labels import STAGES, STATES
from ingestion_worker.text.words import counted


@pytest.mark.parametrize(
    ("seconds", "long", "short"),
    [
        (0, "0:00:00", "0:00"),
        (61.9, "0:01:01", "1:01"),
        (3661, "1:01:01", "1:01:01"),
        (360_000, "100:00:00", "100:00:00"),
    ],
)
def test_a_short_clock_shows_hours_only_where_there_are_any(seconds: float, long: str, short: str) -> None:
    assert (clock(seconds), short_clock(seconds)) == (long, short)


def test_every_stage_and_every_state_has_a_label() -> None:
    assert list(STAGES) == list(Stage)
    assert set(STATES) == set(WorkerState)


def test_one_is_no_plural() -> None:
    assert [counted(number, "worker") for number in (0, 1, 2)] == ["0 workers", "1 worker", "2 workers"]
