"""The demonstration's verdict comes from the files, so a lost or spoilt video cannot hide."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dev.demo.verify import Verification, verify
from dev.sample_media.sentences import SampleVideo, expected
from ingestion_contract import layout
from ingestion_contract.metrics import Result
from ingestion_contract.records import Outcome, StoredFile, TranscriptManifest, Video, VideoManifest

UID = "0f8fad5b"
SAMPLE = expected(50)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def put(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def record(root: Path, video: SampleVideo, result: Result, reason: str = "") -> None:
    outcome = Outcome(video_id=f"generic:{video.id}", result=result, reason=reason, video_key=video.id, recorded_at=NOW)
    put(root, layout.outcome(UID, video.id), json.dumps(outcome.to_wire()))


def commit(root: Path, video: SampleVideo) -> None:
    path = f"{layout.transcript_attempt(video.id, 'a')}/transcript.jsonl"
    text = json.dumps({"text": video.sentence})
    put(root, path, text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    listed = Video(id=f"generic:{video.id}", url="http://127.0.0.1/")
    transcript = TranscriptManifest(
        video=listed,
        key=video.id,
        source="asr",
        language="en",
        audio_seconds=2.0,
        segments=1,
        files=[StoredFile(path=path, bytes=len(text), sha256=digest)],
        created_at=NOW,
    )
    put(root, layout.transcript_manifest(video.id), json.dumps(transcript.to_wire()))
    manifest = VideoManifest(
        video=listed,
        key=video.id,
        transcript_key=video.id,
        embed_model="m",
        embed_compute_type="float32",
        dimension=384,
        audio_seconds=2.0,
        chunks=1,
        files=[],
        created_at=NOW,
    )
    put(root, layout.manifest(video.id), json.dumps(manifest.to_wire()))
    record(root, video, Result.SUCCEEDED)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    for video in SAMPLE.available:
        commit(tmp_path, video)
    for video in SAMPLE.unavailable:
        record(tmp_path, video, Result.SKIPPED, str(video.unavailable))
    return tmp_path


def check(output: Path) -> Verification:
    return verify(output, UID, SAMPLE)


def test_a_whole_output_has_nothing_missing_and_nothing_wrong(output: Path) -> None:
    found = check(output)

    assert (found.succeeded, found.missing, found.wrong) == (48, [], [])
    assert sum(found.skipped.values()) == 2
    assert found.audio_seconds == pytest.approx(96)
    assert found.word_error_percent == 0


def test_a_video_without_a_manifest_is_missing(output: Path) -> None:
    lost = SAMPLE.available[3]
    (output / layout.manifest(lost.id)).unlink()
    record(output, lost, Result.FAILED, "Network")

    found = check(output)

    assert found.succeeded == 47
    assert found.missing == [f"{lost.id}: failed Network"]
    assert found.failed == {"Network": 1}


def test_a_file_that_was_changed_after_its_manifest_is_wrong(output: Path) -> None:
    spoilt = SAMPLE.available[5]
    put(output, f"{layout.transcript_attempt(spoilt.id, 'a')}/transcript.jsonl", '{"text": "something else"}')

    (fault,) = check(output).wrong

    assert fault.startswith(spoilt.id)


def test_words_that_were_heard_wrongly_are_counted(output: Path) -> None:
    misheard = next(video for video in SAMPLE.available if not video.has_captions)
    put(output, f"{layout.transcript_attempt(misheard.id, 'a')}/transcript.jsonl", '{"text": ""}')

    percent = check(output).word_error_percent

    assert percent is not None
    assert 0 < percent < 5


def test_a_video_that_does_not_exist_must_be_skipped_with_a_reason(output: Path) -> None:
    gone = SAMPLE.unavailable[0]
    (output / layout.outcome(UID, gone.id)).unlink()

    assert check(output).wrong == [f"{gone.id}: should have been skipped ({gone.unavailable}): no outcome was recorded"]


def test_a_skip_for_another_reason_is_wrong(output: Path) -> None:
    gone = SAMPLE.unavailable[0]
    record(output, gone, Result.SKIPPED, "Private")

    assert check(output).wrong == [f"{gone.id}: should have been skipped ({gone.unavailable}): skipped Private"]


def test_a_video_of_which_nothing_was_recorded_counts_as_failed(output: Path) -> None:
    lost = SAMPLE.available[3]
    (output / layout.manifest(lost.id)).unlink()
    (output / layout.outcome(UID, lost.id)).unlink()

    found = check(output)

    assert found.failed == {"NotProcessed": 1}
    assert found.missing == [f"{lost.id}: no outcome was recorded"]
