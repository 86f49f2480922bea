"""The final count."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestion_contract import layout
from ingestion_contract.metrics import Result
from ingestion_contract.records import Outcome, Video, VideoManifest
from ingestion_contract.summary import MAX_BYTES, FinishSummary, encode_summary
from ingestion_worker.conclusion import ConfigurationError
from ingestion_worker.output import video_list
from ingestion_worker.output.keys import video_key
from ingestion_worker.output.store import Store
from ingestion_worker.steps.finish import finish
from tests.worker.support.runs import UID, run_of

RUN = run_of(["http://unused"])
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"file://{tmp_path}")


def listed(store: Store, count: int) -> list[str]:
    """Write a list, and return the videos' keys."""
    videos = [Video(id=f"test:{number}", url=f"http://unused/{number}") for number in range(count)]
    video_list.write_once(store, UID, videos, [range(count)])
    return [video_key(video, RUN.spec) for video in videos]


def outcome(store: Store, key: str, result: Result, reason: str = "") -> None:
    record = Outcome(video_id="x", result=result, reason=reason, video_key=key, recorded_at=NOW)
    store.write_record(layout.outcome(UID, key), record)


def there(store: Store, key: str) -> None:
    manifest = VideoManifest(
        video=Video(id="x", url="x"),
        key=key,
        transcript_key=key,
        embed_model="m",
        embed_compute_type="float32",
        dimension=4,
        audio_seconds=10.4,
        chunks=1,
        files=[],
        created_at=NOW,
    )
    store.write_record(layout.manifest(key), manifest)


def count(store: Store) -> FinishSummary:
    summary = finish(RUN, store).summary
    assert isinstance(summary, FinishSummary)
    return summary


def test_only_a_manifest_makes_a_video_succeed(store: Store) -> None:
    keys = listed(store, 6)
    there(store, keys[0])
    outcome(store, keys[0], Result.SUCCEEDED)
    outcome(store, keys[1], Result.SUCCEEDED)  # its manifest is gone
    there(store, keys[2])
    outcome(store, keys[2], Result.FAILED, "Network")  # another run made it later
    outcome(store, keys[3], Result.SKIPPED, "Gone")
    outcome(store, keys[4], Result.FAILED, "Network")
    summary = count(store)
    assert (summary.total, summary.succeeded, summary.failed, summary.skipped) == (6, 2, 3, 1)
    assert summary.reasons == {"NotProcessed": 2, "Network": 1, "Gone": 1}
    assert summary.audio_seconds == 21
    assert store.read_record(layout.result(UID), FinishSummary) == summary


def test_a_video_whose_worker_was_killed_before_it_could_record_it_is_recorded(store: Store) -> None:
    unrecorded, failed = listed(store, 2)
    there(store, unrecorded)
    there(store, failed)
    outcome(store, failed, Result.FAILED, "Timeout")
    finish(RUN, store)
    records = store.read_records((layout.outcome(UID, key) for key in (unrecorded, failed)), Outcome)
    assert [record.result for record in records.values()] == [Result.SUCCEEDED] * 2


def test_manifests_of_other_runs_do_not_count(store: Store) -> None:
    listed(store, 1)
    there(store, "f" * 32)
    assert count(store).succeeded == 0


def test_the_summary_fits_whatever_the_reasons(store: Store) -> None:
    for number, key in enumerate(listed(store, 100)):
        outcome(store, key, Result.FAILED, f"AQuiteLongReasonThatNobodyExpected{number:03d}")
    summary = count(store)
    assert sum(summary.reasons.values()) == 100
    assert summary.reasons["Other"] == 100 - 31
    assert len(encode_summary(summary).encode()) <= MAX_BYTES


def test_an_outcome_whose_reason_is_no_word_is_none(store: Store) -> None:
    key = listed(store, 1)[0]
    outcome(store, key, Result.FAILED, "Word")
    path = layout.outcome(UID, key)
    content = store.read(path)
    assert content is not None
    store.write(path, content.replace(b"Word", b"no word" * 1000))
    assert count(store).reasons == {"NotProcessed": 1}


def test_without_a_list_there_is_nothing_to_count(store: Store) -> None:
    with pytest.raises(ConfigurationError, match="ingest discover"):
        finish(RUN, store)


@pytest.mark.parametrize("shards", ["[[0, 1", "[[0]]}", "[[0, 1, 2]]}", "[[0, 0]]}", ""])
def test_a_list_whose_shards_are_not_whole_is_none(store: Store, shards: str) -> None:
    listed(store, 2)
    whole = video_list.read(store, UID)
    assert whole is not None
    store.write(layout.shards(UID), f'{{"listSha256": "{whole.digest}", "shards": {shards}'.encode())
    assert video_list.read(store, UID) is None


def test_the_shards_of_another_list_are_none_of_this_one(store: Store) -> None:
    listed(store, 2)
    lines = store.read(layout.video_list(UID))
    assert lines is not None
    store.write(layout.video_list(UID), lines.replace(b"unused/1", b"unused/7"))
    assert video_list.read(store, UID) is None


def test_the_first_list_that_is_written_stays(store: Store) -> None:
    listed(store, 2)
    first = video_list.read(store, UID)
    listed(store, 3)
    assert video_list.read(store, UID) == first
