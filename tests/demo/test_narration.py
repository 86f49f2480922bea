"""The live story: a line when something changes, and none when nothing does."""

from dataclasses import replace
from datetime import UTC, datetime

from dev.demo.narrate import lines
from dev.demo.timeline import DeviceReading, Observation
from ingestion_contract.status import Adaptation, IngestionRunStatus, VideoList, Videos

GIB = 2**30
QUIET = Observation(
    t=10,
    status=IngestionRunStatus(videos=Videos(total=200), progress="0/200"),
    parallelism=4,
    pods=4,
    work_ended=False,
    device=DeviceReading(total=24 * GIB, used=20 * GIB, peak=20 * GIB, refusals=0),
)


def with_status(status: IngestionRunStatus) -> Observation:
    return replace(QUIET, status=status)


def test_nothing_new_is_no_line() -> None:
    assert list(lines(QUIET, replace(QUIET, t=11))) == []


def test_discovery_is_told_once() -> None:
    found = with_status(QUIET.status.model_copy(update={"video_list": VideoList(count=200, shards=8, digest="d")}))

    assert list(lines(QUIET, found)) == ["discovered 200 videos, cut into 8 shards"]
    assert list(lines(found, found)) == []


def test_out_of_memory_is_told_as_simulated() -> None:
    refused = replace(QUIET, device=replace(QUIET.device, refusals=2))

    (line,) = lines(QUIET, refused)

    assert line.startswith("CUDA out of memory: 2 allocations were refused, 83.3 % of 24 GiB")
    assert "simulated" in line


def test_a_change_of_the_lever_is_told_with_the_operators_words() -> None:
    adaptation = Adaptation.from_wire(
        {
            "time": datetime(2026, 1, 1, tzinfo=UTC),
            "lever": "parallelism",
            "from": 4,
            "to": 2,
            "reason": "MemoryEmergency",
            "message": "2 fit",
        }
    )
    decided = with_status(QUIET.status.model_copy(update={"adaptations": [adaptation]}))

    assert list(lines(QUIET, replace(decided, parallelism=2))) == [
        "operator: parallelism 4 -> 2, MemoryEmergency: 2 fit",
        "worker Job patched: parallelism 4 -> 2",
    ]


def test_progress_is_told_in_steps_of_ten_percent() -> None:
    at_nineteen = with_status(IngestionRunStatus(videos=Videos(total=200, succeeded=19), progress="19/200"))
    at_twenty = with_status(IngestionRunStatus(videos=Videos(total=200, succeeded=18, skipped=2), progress="20/200"))

    assert list(lines(QUIET, at_nineteen)) == []
    assert list(lines(at_nineteen, at_twenty)) == ["20/200 videos, 4 workers, 83.3 % of the simulated memory"]
