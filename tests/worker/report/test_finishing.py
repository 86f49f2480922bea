"""The report at the end of a run, and its place among what else is done there."""

import logging
from datetime import datetime
from pathlib import Path

import pytest

from ingestion_contract import layout
from ingestion_contract.metrics import Result
from ingestion_contract.records import RunRecord, Video
from ingestion_contract.spec import IngestionRun
from ingestion_contract.summary import FinishSummary
from ingestion_worker import index
from ingestion_worker.output.store import Store
from ingestion_worker.report import write
from ingestion_worker.steps.finish import finish
from tests.worker.report.sample import SampleRun, sample_at, timeline
from tests.worker.support.runs import UID, run_of

VIDEO = Video(id="test:0", url="http://unused/0")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"file://{tmp_path}")


@pytest.fixture
def sample(store: Store) -> SampleRun:
    """A run whose only video was removed."""
    run = SampleRun(store, uid=UID)
    run.begin([VIDEO])
    run.record(VIDEO, Result.SKIPPED, "Removed")
    return run


def run(**spec: object) -> IngestionRun:
    return run_of(["http://unused"], output={"index": {"type": "None"}}, **spec)


def test_the_page_of_a_later_command_is_that_of_the_run(sample: SampleRun, store: Store) -> None:
    finish(run(memory={"targetPercent": 71}), store)
    at_the_end = store.read(layout.report(UID))
    assert at_the_end is not None
    assert b"memory.targetPercent" in at_the_end
    assert b"71" in at_the_end
    write(store, UID)
    again = store.read(layout.report(UID))
    assert again is not None
    assert len(again) == len(at_the_end)


def test_the_record_tells_what_was_asked_for_last_and_when_the_run_began(sample: SampleRun, store: Store) -> None:
    began = store.read_record(layout.run_record(UID), RunRecord)
    assert began is not None
    finish(run(memory={"targetPercent": 71}), store)
    finish(run(memory={"targetPercent": 72}), store)
    record = store.read_record(layout.run_record(UID), RunRecord)
    assert record is not None
    assert record.created_at == began.created_at
    assert record.spec == run(memory={"targetPercent": 72}).spec.to_wire()


def test_a_report_that_fails_leaves_the_count_and_does_not_keep_the_index_from_being_built(
    sample: SampleRun, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody expects an attempt without a time zone."""
    built: list[str] = []
    monkeypatch.setattr(index, "build", lambda one, _store: built.append(one.metadata.uid))
    sample.add(timeline(0, [sample_at(0), sample_at(10)]), "a")
    sample.add(timeline(0, [sample_at(0, at=datetime(2026, 1, 1))]), "b")
    with caplog.at_level(logging.ERROR):
        summary = finish(run(), store).summary
    assert isinstance(summary, FinishSummary)
    assert store.read_record(layout.result(UID), FinishSummary) == summary
    assert built == [UID]
    (error,) = caplog.records
    assert "no report is written: TypeError" in error.message
    assert error.exc_info
