"""Reads what a run has left in its output, on a disk or in object storage, for the audit."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping

import pyarrow.parquet as pq

from benchmarks.faults.audit import Made, Output, Passage, Told
from ingestion_contract import layout
from ingestion_contract.records import Outcome, StoredFile, TranscriptManifest, VideoManifest
from ingestion_worker.output import video_list
from ingestion_worker.output.store import Store


def read_output(store: Store, uid: str) -> Output:
    """Return what lies in an output, each file as its manifest says or named as torn.

    Raises:
        OutputUnavailable: the storage refuses.
    """
    listed = video_list.read(store, uid)
    records = _manifests(store)
    outcomes = store.read_records(store.list(f"_runs/{uid}/outcomes"), Outcome)
    return Output(
        listed=tuple(video.id for video in listed.videos) if listed is not None else (),
        made=tuple(_made(store, path.split("/")[1], record) for path, record in records.items()),
        told=tuple(Told(each.video_id, each.video_key, each.result, each.reason) for each in outcomes.values()),
    )


def count_manifests(store: Store) -> int:
    """Return how many videos are there.

    Raises:
        OutputUnavailable: the storage refuses.
    """
    return len(_manifests(store))


def _manifests(store: Store) -> Mapping[str, VideoManifest]:
    """Return the manifests that are whole, by their paths."""
    return store.read_records(map(layout.manifest, store.folders("videos")), VideoManifest)


def _made(store: Store, folder: str, record: VideoManifest) -> Made:
    transcript = store.read_record(layout.transcript_manifest(record.transcript_key), TranscriptManifest)
    files = [*record.files, *(transcript.files if transcript is not None else ())]
    contents = {file.path: store.read(file.path) for file in files}
    torn = list(_torn(files, contents))
    if transcript is None:
        torn.append("its transcript has no manifest")
    return Made(
        folder=folder,
        key=record.key,
        video_id=record.video.id,
        transcript_key=record.transcript_key,
        segments=tuple(_segments(contents.items())),
        passages=tuple(_passages(contents.items())),
        torn=tuple(torn),
    )


def _torn(files: Iterable[StoredFile], contents: dict[str, bytes | None]) -> Iterator[str]:
    for file in files:
        content = contents[file.path]
        if content is None or hashlib.sha256(content).hexdigest() != file.sha256:
            yield f"{file.path} is not what its manifest says"


def _segments(contents: Iterable[tuple[str, bytes | None]]) -> Iterator[tuple[float, float, str]]:
    for path, content in contents:
        if path.endswith(".jsonl") and content is not None:
            for line in content.decode().splitlines():
                record = json.loads(line)
                yield float(record["start"]), float(record["end"]), str(record["text"])


def _passages(contents: Iterable[tuple[str, bytes | None]]) -> Iterator[Passage]:
    for path, content in contents:
        if path.endswith(".parquet") and content is not None:
            for row in pq.read_table(io.BytesIO(content)).to_pylist():
                yield Passage(row["start"], row["end"], row["text"], tuple(row["vector"]))
