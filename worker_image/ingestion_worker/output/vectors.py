"""The second layer of the output: chunks and vectors. Their manifest makes a video exist."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ingestion_contract import layout
from ingestion_contract.records import Video, VideoManifest
from ingestion_worker.output.store import Store
from ingestion_worker.output.transcript import Transcript
from ingestion_worker.text.chunking import Chunk

SCHEMA_VERSION: int = VideoManifest.model_fields["schema_version"].default


@dataclass(frozen=True)
class EmbedModel:
    """The embedder, as records name it. `revision` is the hub's commit, None for a model from a folder."""

    name: str
    revision: str | None
    compute_type: str


@dataclass(frozen=True)
class VectorSet:
    """The chunks of a video's transcript, and a vector for each, of shape (chunks, dimension)."""

    video: Video
    key: str
    transcript_key: str
    transcript: Transcript
    chunks: Sequence[Chunk]
    vectors: NDArray[np.float32]
    model: EmbedModel


def save(store: Store, made: VectorSet) -> VideoManifest:
    """Write chunks and vectors under a folder that no other attempt uses, then the manifest, and return that.

    A manifest that another process has written meanwhile stays; this attempt's file is then nobody's.

    Raises:
        OutputUnavailable: the storage refuses; nothing exists then, since the manifest does not.
    """
    path = f"{layout.attempt(made.key, uuid4().hex)}/chunks.parquet"
    manifest = VideoManifest(
        key=made.key,
        video=made.video.redacted(),
        transcript_key=made.transcript_key,
        embed_model=made.model.name,
        embed_revision=made.model.revision,
        embed_compute_type=made.model.compute_type,
        dimension=made.vectors.shape[1],
        audio_seconds=made.transcript.audio_seconds,
        chunks=len(made.chunks),
        files=[store.write(path, _parquet(made))],
        created_at=datetime.now(UTC),
    )
    return store.write_record_once(layout.manifest(made.key), manifest)


def _parquet(made: VectorSet) -> bytes:
    """Return the chunks and vectors of a video as one Parquet file."""
    count, dimension = made.vectors.shape
    asr = made.transcript.asr
    texts = {
        "video_id": made.video.id,
        "language": made.transcript.language,
        "source": made.transcript.source.value,
        "asr_model": None if asr is None else asr.name,
        "asr_revision": None if asr is None else asr.revision,
        "asr_compute_type": None if asr is None else asr.compute_type,
        "embed_model": made.model.name,
        "embed_revision": made.model.revision,
        "embed_compute_type": made.model.compute_type,
    }
    columns: dict[str, object] = {
        "chunk_index": pa.array(range(count), pa.int32()),
        "start": pa.array([round(chunk.start, 3) for chunk in made.chunks], pa.float64()),
        "end": pa.array([round(chunk.end, 3) for chunk in made.chunks], pa.float64()),
        "text": pa.array([chunk.text for chunk in made.chunks], pa.string()),
        "tokens": pa.array([chunk.tokens for chunk in made.chunks], pa.int32()),
        **{name: pa.array([value] * count, pa.string()) for name, value in texts.items()},
        "dimension": pa.array([dimension] * count, pa.int32()),
        "content_hash": pa.array([_hash(chunk.text) for chunk in made.chunks], pa.string()),
        "schema_version": pa.array([SCHEMA_VERSION] * count, pa.int32()),
        "vector": pa.FixedSizeListArray.from_arrays(pa.array(made.vectors.reshape(-1)), dimension),
    }
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
