"""What an outage of the operator meant to a run, and what is told of it."""

from __future__ import annotations

from benchmarks.availability.outage import Cause, Outage, outage, seconds_to_patch
from benchmarks.availability.page import page
from benchmarks.reaction.timeline import Event, Kind, Reaction


def answered(status_at: float | None, patched_at: float | None) -> Reaction:
    return Reaction("talks", Kind.WAITS, 100.3, 100.3, status_at, patched_at, 110.0)


def test_it_lasts_from_the_kill_to_the_next_decision() -> None:
    found = outage(Cause.CRASH, 100.0, answered(104.0, 104.5), [])
    assert (found.to_status, found.to_patch) == (4.0, 4.5)


def test_one_that_is_never_answered_has_no_end() -> None:
    found = outage(Cause.CRASH, 100.0, answered(None, None), [])
    assert (found.to_status, found.to_patch) == (None, None)
    assert seconds_to_patch([found], Cause.CRASH) == []


def test_workers_that_end_before_anybody_has_asked_them_to_are_counted() -> None:
    noted = ((99, "ends"), (101, "ends"), (102, "waits"), (105, "ends"))
    events = [Event(at, "127.16.0.1", name, 10.0) for at, name in noted]
    assert outage(Cause.POD, 100.0, answered(104.0, 104.5), events).workers_ended == 1


def test_the_page_has_a_row_for_each_cause() -> None:
    outages = [Outage(Cause.CRASH, 3.0, 4.0, 0), Outage(Cause.CRASH, 3.0, 6.0, 0), Outage(Cause.NONE, 0.5, 1.0, 0)]
    said = page(outages, {"machine": "a test"})
    assert "| its process is killed (SIGKILL) | 2 | 5.0 | 6.0 | 0 |" in said
    assert "| nothing happens to it | 1 | 1.0 | 1.0 | 0 |" in said
    assert "| its pod is removed at once | 0 | - | - | 0 |" in said
    assert "- machine: a test\n" in said
