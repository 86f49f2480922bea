"""The rows of an index: chunks with their vectors, and what a person needs to find the place."""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion_contract import layout
from ingestion_contract.records import VideoManifest
from ingestion_worker.index.entries import Entry, VectorSpace
from ingestion_worker.output.store import Store

log = logging.getLogger(__name__)

BATCH_BYTES = 8 * 2**20
"""Vectors of about so many bytes are read, and written, at a time."""

MAX_FILES = 256
"""At most so many files are read at a time."""

FROM_PARQUET = ("video_id", "chunk_index", "start", "end", "text", "language", "source", "vector")


def schema(space: VectorSpace) -> pa.Schema:
    """Return the columns of a table."""
    return pa.schema(
        [
            ("video_id", pa.string()),
            ("chunk_index", pa.int32()),
            ("start", pa.float64()),
            ("end", pa.float64()),
            ("text", pa.string()),
            ("language", pa.string()),
            ("source", pa.string()),
            ("video_key", pa.string()),
            ("transcript_key", pa.string()),
            ("title", pa.string()),
            ("url", pa.string()),
            ("vector", pa.list_(pa.float32(), space.dimension)),
        ]
    )


@dataclass(frozen=True)
class Batch:
    """Rows of whole videos.

    Attributes:
        videos: ids of the videos that the rows are of.
        damaged: ids of videos that have no rows here, since their file is not what its manifest says.
    """

    table: pa.Table
    videos: list[str]
    damaged: list[str]


def read(store: Store, space: VectorSpace, videos: Sequence[str], entries: Mapping[str, Entry]) -> Iterator[Batch]:
    """Yield the rows of videos, in batches of about `BATCH_BYTES`.

    Args:
        store: the output.
        space: the table that they are for.
        videos: ids.
        entries: the key and number of rows of each.

    Raises:
        OutputUnavailable: the storage refuses.
    """
    for some in _portions(videos, entries, max(1, BATCH_BYTES // (4 * space.dimension))):
        yield _batch(store, space, {video: entries[video].key for video in some})


def _portions(videos: Sequence[str], entries: Mapping[str, Entry], most_rows: int) -> Iterator[list[str]]:
    portion: list[str] = []
    rows = 0
    for video in videos:
        if portion and (rows + entries[video].rows > most_rows or len(portion) == MAX_FILES):
            yield portion
            portion, rows = [], 0
        portion.append(video)
        rows += entries[video].rows
    if portion:
        yield portion


def _batch(store: Store, space: VectorSpace, keys: Mapping[str, str]) -> Batch:
    manifests = store.read_records(map(layout.manifest, keys.values()), VideoManifest)
    known = {video: manifests[layout.manifest(key)] for video, key in keys.items() if layout.manifest(key) in manifests}
    contents = store.read_many([manifest.files[0].path for manifest in known.values()])
    tables: dict[str, pa.Table] = {}
    for (video, manifest), content in zip(known.items(), contents, strict=True):
        if content is None or hashlib.sha256(content).hexdigest() != manifest.files[0].sha256:
            log.error(
                "%s is not what %s says, and stays out of the index: delete that manifest, and run again",
                manifest.files[0].path,
                layout.manifest(manifest.key),
            )
        else:
            tables[video] = _rows(content, manifest, space)
    return Batch(
        table=pa.concat_tables(tables.values()) if tables else schema(space).empty_table(),
        videos=list(tables),
        damaged=[video for video in keys if video not in tables],
    )


def _rows(content: bytes, manifest: VideoManifest, space: VectorSpace) -> pa.Table:
    table = pq.read_table(io.BytesIO(content), columns=list(FROM_PARQUET))
    same = {
        "video_key": manifest.key,
        "transcript_key": manifest.transcript_key,
        "title": manifest.video.title,
        "url": manifest.video.url,
    }
    for name, value in same.items():
        table = table.append_column(name, pa.array([value] * table.num_rows, pa.string()))
    return table.select(schema(space).names).cast(schema(space))
