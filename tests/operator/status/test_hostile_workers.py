"""Whatever a run's workers say, its status stays one that the API server takes."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.metrics import Result, Stage, WorkerState
from ingestion_contract.status import IngestionRunStatus
from ingestion_contract.summary import MAX_COUNT, MemoryReport, ShardSummary
from ingestion_operator.decision.decide import decide
from ingestion_operator.observe.tally import update_tallies
from ingestion_operator.observe.worker_sample import WorkerSample
from ingestion_operator.status.report import next_status
from tests.operator.kit import NOW, ago, ended_pod, make_snapshot

COUNTS = st.integers(0, MAX_COUNT) | st.sampled_from([0, 1, MAX_COUNT])
NAMES = st.sampled_from(["GPU-a", "GPU-b", "\x00\n", "x" * 128])
SAMPLES = st.builds(
    WorkerSample,
    at=st.just(NOW),
    state=st.none() | st.sampled_from(WorkerState),
    gpu_uuid=st.none() | NAMES,
    device_used=st.none() | COUNTS,
    device_total=st.none() | COUNTS,
    own=st.none() | COUNTS,
    floor=st.none() | st.integers(1, MAX_COUNT) | st.just(1),
    window_bytes=st.none() | st.integers(1, MAX_COUNT),
    batch_size=st.none() | st.integers(1, MAX_COUNT),
    batch_overhead=st.none() | st.floats(0.001, 1000),
    utilisation=st.none() | st.floats(0, 1),
    windows_waiting=st.none() | COUNTS,
    limiting=st.none() | st.sampled_from(Stage),
    oom_events=COUNTS,
    audio_seconds=COUNTS,
    limits_revision=st.none() | COUNTS,
    results=st.dictionaries(st.tuples(st.sampled_from(Result), st.sampled_from(["", "Gone"])), COUNTS),
)
REPORTS = st.builds(
    MemoryReport,
    gpu_uuid=NAMES,
    stage=st.sampled_from(Stage),
    total_bytes=COUNTS,
    used_bytes=COUNTS,
    own_bytes=COUNTS,
    floor_bytes=st.none() | COUNTS,
)
SUMMARIES = st.builds(
    ShardSummary,
    shard=COUNTS,
    total=COUNTS,
    succeeded=COUNTS,
    failed=COUNTS,
    skipped=COUNTS,
    audio_seconds=COUNTS,
    oom_events=COUNTS,
    memory=st.none() | REPORTS,
)


def numbers(value: Any) -> Iterator[int]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from numbers(item)
    elif isinstance(value, int):
        yield value


@given(
    st.lists(st.none() | SAMPLES, max_size=6),
    st.lists(st.tuples(st.sampled_from([1, 75, 85, 137]), SUMMARIES), max_size=4),
    st.dictionaries(NAMES, COUNTS),
)
def test_every_number_fits_and_every_look_succeeds(
    samples: list[WorkerSample | None], exits: list[tuple[int, ShardSummary]], neighbours: dict[str, int]
) -> None:
    pods = [ended_pod(20 + number, code, summary) for number, (code, summary) in enumerate(exits)]
    snapshot = make_snapshot(samples, others=pods, neighbours=neighbours, quiet_since=ago(1))
    snapshot = replace(snapshot, tallies=update_tallies({}, snapshot.pods, snapshot.samples))
    status = next_status(snapshot, decide(snapshot, NOW), None, NOW)
    wire = json.loads(json.dumps(status.to_wire()))
    assert all(0 <= number < 2**63 for number in numbers(wire))
    assert len(json.dumps(wire)) < 100_000
    assert IngestionRunStatus.from_wire(wire) == status
