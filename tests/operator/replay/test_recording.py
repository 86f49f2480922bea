"""A recorded decision is read again exactly as it was, whatever the workers have said."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.metrics import Result, Stage, WorkerState
from ingestion_contract.status import SourceStatus
from ingestion_contract.summary import ErrorSummary, MemoryReport, ShardSummary, Summary
from ingestion_operator.decision.decide import decide
from ingestion_operator.decision.snapshot import Rate
from ingestion_operator.desired.pod_template import WorkerSettings
from ingestion_operator.observe.recording import Record, Recorder, decode, encode, read
from ingestion_operator.observe.tally import Tally
from ingestion_operator.reconciler import Reconciler, Settings
from tests.operator.control.test_reconciler import INCIDENT, UID, World
from tests.operator.decision.test_laws import SAMPLES, snapshots
from tests.operator.kit import GIB, NOW, ago, ended_pod, make_run, make_snapshot, make_status, waiting

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
COUNTS = st.integers(0, 2**48)
RESULTS = st.dictionaries(
    st.tuples(st.sampled_from(Result), st.sampled_from(["", "Private", "NotProcessed"])), COUNTS, max_size=4
)
READINGS = st.builds(
    replace,
    SAMPLES,
    results=RESULTS,
    limiting=st.none() | st.sampled_from(Stage),
    utilisation=st.none() | st.floats(0, 1),
    batch_overhead=st.none() | st.floats(0, 1000),
    gpu_uuid=st.none() | TEXTS,
)
REPORTS = st.builds(
    MemoryReport,
    gpu_uuid=TEXTS,
    stage=st.sampled_from(Stage),
    total_bytes=COUNTS,
    used_bytes=COUNTS,
    own_bytes=COUNTS,
    floor_bytes=st.none() | COUNTS,
)
SUMMARIES: st.SearchStrategy[Summary | None] = (
    st.none()
    | st.builds(ErrorSummary, reason=st.just("SourceGone"), detail=TEXTS)
    | st.builds(ShardSummary, **dict.fromkeys(("shard", "total", "succeeded", "failed", "skipped"), COUNTS))
    | st.builds(
        ShardSummary,
        memory=REPORTS,
        **dict.fromkeys(("shard", "total", "succeeded", "failed", "skipped"), COUNTS),
    )
)
RATES = st.builds(
    Rate, audio_seconds_per_hour=COUNTS, utilisation=st.none() | st.floats(0, 1), seconds=st.floats(0, 1e6)
)
MOMENTS = st.floats(0, 1e6).map(ago)


@st.composite
def records(draw: st.DrawFn) -> Record:
    seen = draw(snapshots(samples=READINGS | st.none()))
    ended = [ended_pod(40 + number, 85, draw(SUMMARIES)) for number in range(draw(st.integers(0, 2)))]
    spoken = [
        replace(pod, exit=replace(pod.exit, message=draw(TEXTS)), trouble=draw(TEXTS)) for pod in ended if pod.exit
    ]
    snapshot = replace(
        seen,
        pods=(*seen.pods, *spoken),
        tallies=draw(st.dictionaries(st.integers(0, 20), st.builds(Tally, RESULTS, COUNTS), max_size=3)),
        rate=draw(st.none() | RATES),
        quiet_since=draw(MOMENTS),
        status=seen.status.model_copy(update={"source": SourceStatus(changed_at=draw(st.none() | MOMENTS))}),
    )
    frozen = draw(st.booleans())
    return Record(NOW, frozen, snapshot, decide(snapshot, NOW, frozen=frozen))


def incident() -> Record:
    snapshot = make_snapshot([None, None, waiting(), waiting()], status=make_status(4))
    return Record(NOW, frozen=False, snapshot=snapshot, decision=decide(snapshot, NOW))


@given(records())
def test_what_is_read_is_what_was_recorded(record: Record) -> None:
    line = encode(record)
    assert "\n" not in line
    assert decode(line) == record


@given(records())
def test_what_is_read_is_decided_as_it_was(record: Record) -> None:
    read_again = decode(encode(record))
    assert decide(read_again.snapshot, read_again.at, frozen=read_again.frozen) == record.decision


def test_a_run_has_a_file_and_a_decision_has_a_line(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    for _ in range(3):
        recorder.add(incident())
    assert [path.name for path in tmp_path.iterdir()] == ["default_talks.jsonl"]
    assert list(read(tmp_path / "default_talks.jsonl")) == [incident()] * 3


async def test_an_operator_that_records_keeps_what_it_decided_and_from_what(tmp_path: Path) -> None:
    world = World()
    settings = Settings(WorkerSettings("worker:1"), recorder=Recorder(tmp_path))
    world.reconciler = Reconciler(UID, world.cache, world.kube, world.workers, settings, lambda: world.now)
    await world.work(INCIDENT)
    await world.look()
    *_, last = read(tmp_path / "default_talks.jsonl")
    before, change = last.snapshot.status.workers, last.decision.change
    assert before is not None
    assert change is not None
    assert (before.parallelism, change.value, change.reason) == (4, 2, "MemoryPressure")
    assert decide(last.snapshot, last.at, frozen=last.frozen) == last.decision


def test_a_compressed_file_is_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl.gz"
    path.write_bytes(gzip.compress(f"{encode(incident())}\n".encode()))
    assert list(read(path)) == [incident()]


def test_a_folder_that_cannot_be_written_to_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Recorder(tmp_path / "gone").add(incident())
    assert "default/talks: a decision is not recorded" in caplog.text


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        "[]",
        '"text"',
        "{}",
        '{"snapshot": 1}',
        '{"snapshot": {"samples": {}, "tallies": {}}}',
        encode(incident()).replace("quiet_since", "silent_since"),
        encode(incident()).replace(WorkerState.WAITING_FOR_MEMORY, "dreaming"),
    ],
)
def test_a_line_that_is_no_decision_of_this_release_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(f"{encode(incident())}\n{line}\n")
    with pytest.raises(ValueError, match=r"^line 2 of .*run\.jsonl is no decision of this release: ."):
        list(read(path))


def test_no_secret_is_recorded_but_its_name() -> None:
    """The operator reads no Secret; what it sees of a run has references to them."""
    spec = {"output": {"uri": "s3://bucket/talks", "credentialsSecretRef": {"name": "the-secret"}}}
    line = encode(replace(incident(), snapshot=make_snapshot([waiting(own=GIB)], run=make_run(spec=spec))))
    assert '"credentialsSecretRef":{"name":"the-secret"}' in line
