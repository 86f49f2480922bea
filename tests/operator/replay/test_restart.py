"""An operator that is started anew decides the same downwards, and nothing upwards before it has measured again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.status import TrialStatus, WorkersStatus
from ingestion_operator.decision.decide import decide
from ingestion_operator.decision.decision import Lever, Verdict
from ingestion_operator.decision.snapshot import Snapshot
from ingestion_operator.observe.recording import Record
from tests.operator.decision.test_laws import snapshots
from tests.operator.kit import GIB, NOW
from tests.operator.replay.kit import recorded

IN_THE_STATUS = {"SourceProbe", "SourceAnswers", "BoundsChanged"}
"""Ways up that are no measurement: what they need is in the status or the spec, which a restart does not lose."""


def restarted(snapshot: Snapshot, at: datetime) -> Snapshot:
    """What an operator would have seen that was started at that moment."""
    return replace(snapshot, quiet_since=max(at, snapshot.quiet_since), rate=None, neighbours={})


def steps() -> Iterator[tuple[str, Record]]:
    for name, records in recorded().items():
        for record in records:
            yield name, record


def workers(record: Record) -> WorkersStatus:
    assert record.snapshot.status.workers is not None
    return record.snapshot.status.workers


def rises(change: Verdict | None, record: Record) -> bool:
    if change is None or change.reason in IN_THE_STATUS:
        return False
    before = workers(record).parallelism if change.lever is Lever.PARALLELISM else workers(record).budget_percent
    return change.value > before


def test_what_goes_down_goes_down_by_an_operator_that_has_just_started() -> None:
    downwards = 0
    for name, record in steps():
        recorded_change = record.decision.change
        if recorded_change is None or not recorded_change.ceiling:
            continue
        downwards += 1
        now = decide(restarted(record.snapshot, record.at), record.at, frozen=record.frozen)
        assert (name, now.parallelism) == (name, record.decision.parallelism)
    assert downwards


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_nothing_goes_up_before_memory_has_been_seen_free_for_long_enough(share: float) -> None:
    for name, record in steps():
        window = record.snapshot.run.spec.memory.recovery_after_seconds
        started = record.at - timedelta(seconds=share * window)
        decision = decide(restarted(record.snapshot, started), record.at, frozen=record.frozen)
        assert not rises(decision.change, record), f"{name} at {record.at}: {decision.change}"


def test_the_recorded_runs_went_up_where_nothing_was_restarted() -> None:
    """Else the test above could not fail."""
    assert any(rises(record.decision.change, record) for _, record in steps())


@given(snapshots())
def test_whatever_is_seen_an_operator_that_has_just_started_raises_nothing(snapshot: Snapshot) -> None:
    decision = decide(restarted(snapshot, NOW), NOW)
    assert not rises(decision.change, Record(NOW, frozen=False, snapshot=snapshot, decision=decision))


@given(snapshots())
def test_whatever_is_seen_an_operator_that_has_just_started_lowers_as_much(snapshot: Snapshot) -> None:
    """Where others hold memory, too, it is read three times before anything is made of it."""
    seen = replace(snapshot, neighbours={})
    change = decide(seen, NOW).change
    if change is not None and change.ceiling:
        assert decide(restarted(seen, NOW), NOW).change == change


@st.composite
def tried_and_cut(draw: st.DrawFn) -> Snapshot:
    """A snapshot in which fewer workers may be on trial, and budgets were cut for what others hold."""
    seen = draw(snapshots())
    workers = seen.status.workers
    assert workers is not None
    before = draw(st.none() | st.integers(workers.parallelism, 12))
    trial = TrialStatus(from_=before, least_rate=draw(st.integers(0, 9)))
    memory = seen.status.memory.model_copy(update={"budget_bytes": draw(st.none() | st.integers(1, 80 * GIB))})
    return replace(seen, status=seen.status.model_copy(update={"trial": trial, "memory": memory}))


@given(tried_and_cut())
def test_a_trial_is_not_taken_back_by_an_operator_that_could_not_measure_it(snapshot: Snapshot) -> None:
    decision = decide(restarted(snapshot, NOW), NOW)
    assert not rises(decision.change, Record(NOW, frozen=False, snapshot=snapshot, decision=decision))


@given(tried_and_cut())
def test_a_budget_is_not_raised_before_it_is_known_again_what_others_hold(snapshot: Snapshot) -> None:
    before = snapshot.status.memory.budget_bytes
    after = decide(restarted(snapshot, NOW), NOW).limits.budget_bytes
    assert before is None or (after is not None and after <= before)
