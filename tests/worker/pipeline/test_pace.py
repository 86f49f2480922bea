"""The egress budget."""

import time
from threading import Event

import pytest

from ingestion_worker.pipeline.pace import Pace


class Clock(Event):
    """An event whose waiting takes no time, and moves the clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.now = 100.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0.0
        return self.is_set()


def test_videos_are_spaced_out_evenly_and_a_pause_is_not_caught_up_with(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    pace = Pace(lambda: 360, clock)
    turns = []
    for pause in (0, 0, 0, 60, 0):
        clock.now += pause
        assert pace.wait(lambda: False)
        turns.append(round(clock.now))
    assert turns == [100, 110, 120, 180, 190]


def test_without_a_budget_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    assert Pace(lambda: None, clock).wait(lambda: False)
    assert clock.now == 100


def test_who_waits_is_let_go_at_once_when_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    pace = Pace(lambda: 1, clock)
    assert pace.wait(lambda: False)
    assert not pace.wait(lambda: clock.now > 105)
    assert clock.now < 106, "rather than after an hour"
