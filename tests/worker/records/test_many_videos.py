"""What the last step needs for each video of a run: little, so that a run may have a hundred thousand."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from ingestion_contract import layout
from ingestion_contract.metrics import Result
from ingestion_contract.records import Outcome, StoredFile, TranscriptManifest, Video, VideoManifest
from ingestion_worker.index.wanted import wanted
from ingestion_worker.output import video_list
from ingestion_worker.output.batches import AT_ONCE
from ingestion_worker.output.keys import transcript_key, video_key
from ingestion_worker.output.store import Store
from ingestion_worker.report.history import history
from ingestion_worker.report.thinning import thinned
from ingestion_worker.steps import run_record
from ingestion_worker.steps.finish import finish
from tests.worker.report.sample import sample_at, timeline
from tests.worker.support.runs import UID, run_of

RUN = run_of(["http://unused"], output={"index": {"type": "None"}})
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FEW, MANY = 2 * AT_ONCE, 3 * AT_ONCE

MOST_BYTES = 1024
"""Of memory for each video: its line of the list, its id and a few numbers. Its records as objects take 15,000."""


def output_of(videos: int, folder: Path) -> Store:
    """The output of a run whose videos are there, but for some that are gone."""
    store = Store(str(folder))
    run_record.begin(RUN, store)
    listed = [
        Video(id=f"test:{n:06}", url=f"http://unused/{n}", title=f"Talk {n}", duration_seconds=n) for n in range(videos)
    ]
    video_list.write_once(store, UID, listed, [range(videos)])
    for number, video in enumerate(listed):
        _leave(store, video, number % 10 == 0)
    return store


def _leave(store: Store, video: Video, gone: bool) -> None:
    key, heard = video_key(video, RUN.spec), transcript_key(video, RUN.spec)
    outcome = Outcome(video_id=video.id, result=Result.SUCCEEDED, video_key=key, audio_seconds=600.0, recorded_at=NOW)
    if gone:
        outcome = outcome.model_copy(update={"result": Result.SKIPPED, "reason": "Gone", "audio_seconds": 0.0})
    store.write_record(layout.outcome(UID, key), outcome)
    if gone:
        return
    files = [StoredFile(path=f"videos/{key}/0/chunks.parquet", bytes=4711, sha256="0" * 64)]
    transcript = TranscriptManifest(
        key=heard,
        video=video,
        source="asr",
        language="en",
        audio_seconds=600.0,
        segments=9,
        files=files,
        created_at=NOW,
    )
    store.write_record(layout.transcript_manifest(heard), transcript)
    manifest = VideoManifest(
        key=key,
        video=video,
        transcript_key=heard,
        embed_model="m",
        embed_compute_type="float32",
        dimension=4,
        audio_seconds=600.0,
        chunks=3,
        files=files,
        created_at=NOW,
    )
    store.write_record(layout.manifest(key), manifest)


def peak(work: Callable[[], object]) -> int:
    """The most memory in bytes that Python's objects took meanwhile."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_grows_little_with_the_number_of_videos(tmp_path: Path) -> None:
    stores = {videos: output_of(videos, tmp_path / str(videos)) for videos in (FEW, MANY)}
    counted = {videos: peak(partial(finish, RUN, store)) for videos, store in stores.items()}
    assert stores[MANY].read(layout.report(UID)) is not None
    assert (counted[MANY] - counted[FEW]) / (MANY - FEW) < MOST_BYTES
    indexed = {videos: peak(partial(wanted, store)) for videos, store in stores.items()}
    assert (indexed[MANY] - indexed[FEW]) / (MANY - FEW) < MOST_BYTES


def test_the_page_grows_not_at_all(tmp_path: Path) -> None:
    pages = []
    for videos in (100, 200):
        store = output_of(videos, tmp_path / str(videos))
        finish(RUN, store)
        pages.append(store.read(layout.report(UID)))
    assert pages[0] is not None
    assert pages[1] is not None
    assert len(pages[1]) < len(pages[0]) + 100, "of numbers with more digits"


def test_attempts_that_followed_each_other_share_the_bins_of_a_chart() -> None:
    """Four workers at a time: each attempt with bins of its own took 18 kB."""
    attempts = 400
    timelines = thinned(
        timeline(n, [sample_at(60.0 * (n // 4) + at) for at in (0.0, 30.0, 59.0)]) for n in range(attempts)
    )
    assert peak(partial(history, timelines)) / attempts < MOST_BYTES
