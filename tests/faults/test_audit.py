"""The audit notices what must not happen: otherwise a campaign in which all is well says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from benchmarks.faults.audit import Left, Made, Output, Passage, Told, audit, cosine
from ingestion_contract.metrics import Result
from ingestion_contract.status import (
    Condition,
    ConditionStatus,
    ConditionType,
    IngestionRunStatus,
    VideoList,
    Videos,
)

UID = "run-uid"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
PASSAGE = Passage(0.0, 6.5, "what was said", (1.0, 0.0, 2.0))
COMPLETE = Condition(
    type=ConditionType.COMPLETE, status=ConditionStatus.TRUE, reason="Ingested", last_transition_time=NOW
)
QUIET = (Left("Job talks-work", UID, busy=False), Left("Pod talks-work-0", UID, busy=False))


def made(number: int) -> Made:
    return Made(f"key-{number}", f"key-{number}", f"v:{number}", f"text-{number}", ((0.0, 6.5, "said"),), (PASSAGE,))


def told(number: int) -> Told:
    return Told(f"v:{number}", f"key-{number}", Result.SUCCEEDED, "")


SKIPPED = Told("v:3", "key-3", Result.SKIPPED, "Gone")
GOOD = Output(("v:0", "v:1", "v:2", "v:3"), tuple(map(made, range(3))), (*map(told, range(3)), SKIPPED))
TRUE = IngestionRunStatus(
    completion_time=NOW,
    conditions=[COMPLETE],
    progress="4/4",
    videos=Videos(total=4, succeeded=3, failed=0, skipped=1, reasons={"Gone": 1}),
    video_list=VideoList(count=4, shards=2, digest="0" * 64),
)


def problems(output: Output = GOOD, status: IngestionRunStatus = TRUE, left: Sequence[Left] = QUIET) -> list[str]:
    return audit(output, GOOD, status, left, UID)


def with_first(**changes: object) -> Output:
    return replace(GOOD, made=(replace(GOOD.made[0], **changes), *GOOD.made[1:]))  # type: ignore[arg-type]


def test_nothing_is_wrong_where_all_is_well() -> None:
    assert problems() == []


def test_a_run_of_fewer_videos_is_compared_with_those_it_has() -> None:
    fewer = Output(("v:0", "v:3"), (made(0),), (told(0), SKIPPED))
    videos = TRUE.videos.model_copy(update={"total": 2, "succeeded": 1})
    listed = VideoList(count=2, shards=1, digest="0" * 64)
    status = TRUE.model_copy(update={"videos": videos, "progress": "2/2", "video_list": listed})
    assert problems(fewer, status) == []


def test_a_lost_video() -> None:
    assert "v:1 is lost: no outcome is recorded" in problems(
        replace(GOOD, made=(made(0), made(2)), told=(told(0), told(2), SKIPPED))
    )


def test_a_video_that_is_made_but_not_recorded() -> None:
    assert "v:1 is lost: made, but no outcome is recorded" in problems(replace(GOOD, told=(told(0), told(2), SKIPPED)))


def test_a_success_without_a_manifest() -> None:
    assert "v:1 is recorded as succeeded , but no manifest is there" in problems(replace(GOOD, made=(made(0), made(2))))


def test_a_manifest_of_a_video_that_is_recorded_as_skipped() -> None:
    assert "v:3 is recorded as skipped Gone, but a manifest is there" in problems(
        replace(GOOD, made=(*GOOD.made, made(3)))
    )


def test_two_manifests_for_a_key_and_for_a_video() -> None:
    found = problems(replace(GOOD, made=(*GOOD.made, made(1))))
    assert found == ["there are 2 manifests for the key key-1", "there are 2 manifests for the video v:1"]
    elsewhere = replace(made(1), folder="key-9", key="key-9")
    assert "there are 2 manifests for the video v:1" in problems(replace(GOOD, made=(*GOOD.made, elsewhere)))


def test_two_outcomes_of_a_video() -> None:
    assert "v:1 has 2 outcomes" in problems(replace(GOOD, told=(*GOOD.told, replace(told(1), key="key-9"))))


def test_a_video_that_nobody_asked_for() -> None:
    assert "v:9 is not in the list, but in the output" in problems(replace(GOOD, made=(*GOOD.made, made(9))))


def test_a_video_that_is_listed_twice() -> None:
    assert "v:0 is 2 times in the list" in problems(replace(GOOD, listed=(*GOOD.listed, "v:0")))


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        (with_first(torn=("a.parquet is not what its manifest says",)), "v:0: a.parquet is not what its manifest says"),
        (with_first(folder="elsewhere"), "the manifest of key-0 lies under elsewhere"),
        (with_first(segments=((0.0, 6.4, "said"),)), "v:0 says something else, or at other times, than undisturbed"),
        (with_first(passages=(replace(PASSAGE, text="said"),)), "v:0 is cut into other chunks than undisturbed"),
        (with_first(passages=()), "v:0 is cut into other chunks than undisturbed"),
        (
            with_first(passages=(replace(PASSAGE, vector=(1.0, 1.0, 2.0)),)),
            "v:0 has other vectors than undisturbed: a cosine of 0.9129",
        ),
        (with_first(transcript_key="another"), "v:0 has other keys than undisturbed"),
    ],
    ids=["torn", "misplaced", "other times", "other text", "no chunks", "other vectors", "other keys"],
)
def test_a_video_that_is_not_what_it_is_undisturbed(output: Output, problem: str) -> None:
    assert problems(output) == [problem]


def test_vectors_that_differ_by_rounding_are_the_same() -> None:
    assert problems(with_first(passages=(replace(PASSAGE, vector=(1.001, 0.0, 2.0)),))) == []
    assert cosine((1.0, 2.0), (1.0,)) == 0.0


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"completion_time": None}, "the status does not say that the run has ended"),
        ({"conditions": []}, "the status does not say that the run is complete"),
        ({"progress": "3/4"}, "the status tells of a progress of 3/4, in the output is 4/4"),
        (
            {"videos": Videos(total=4, succeeded=4, failed=0, skipped=0)},
            "the status tells of (4, 4, 0, 0) videos (total, succeeded, failed, skipped), "
            "in the output are (4, 3, 0, 1)",
        ),
        (
            {"videos": TRUE.videos.model_copy(update={"reasons": {"Private": 1}})},
            "the status tells of the reasons {'Private': 1}, in the output are {'Gone': 1}",
        ),
        (
            {"video_list": VideoList(count=5, shards=2, digest="0" * 64)},
            "the status tells of a list of 5, in the output are 4",
        ),
    ],
    ids=["not ended", "not complete", "progress", "counts", "reasons", "list"],
)
def test_a_status_that_is_not_true(change: dict[str, object], problem: str) -> None:
    assert problem in problems(status=TRUE.model_copy(update=change))


def test_an_orphan_and_what_still_runs() -> None:
    left = (*QUIET, Left("Pod talks-work-1", None, busy=True), Left("ConfigMap talks-run", "another", busy=False))
    assert problems(left=left) == [
        "Pod talks-work-1 still runs after the end of the run",
        "Pod talks-work-1 is an orphan: it belongs to nobody",
        "ConfigMap talks-run is an orphan: it belongs to another",
    ]
