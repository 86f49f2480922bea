"""Makes a finished video exist: its files first, then the manifest that vouches for them."""

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
from ingestion_worker.chunking import Chunk
from ingestion_worker.store import Store
from ingestion_worker.transcript import Transcript, TranscriptSource, to_json_lines, to_web_vtt

SCHEMA_VERSION: int = VideoManifest.model_fields["schema_version"].default


@dataclass(frozen=True)
class ModelNames:
    """The models of a run, as its records name them."""

    asr: str
    asr_compute_type: str
    embedder: str
    embedder_compute_type: str


@dataclass(frozen=True)
class FinishedVideo:
    """Everything that is written of a video. `vectors` has a row per chunk."""

    video: Video
    key: str
    transcript: Transcript
    chunks: Sequence[Chunk]
    vectors: NDArray[np.float32]


def commit(store: Store, finished: FinishedVideo, models: ModelNames) -> VideoManifest:
    """Write a video's files under a folder that no other attempt uses, then its manifest, and return that.

    A manifest that another process has written meanwhile stays; this attempt's files are then nobody's.

    Raises:
        OutputUnavailable: the storage refuses; nothing exists then, since the manifest does not.
    """
    folder = layout.attempt(finished.key, uuid4().hex)
    transcript = finished.transcript
    files = [
        store.write(f"{folder}/transcript.jsonl", to_json_lines(finished.video.id, transcript).encode()),
        store.write(f"{folder}/transcript.vtt", to_web_vtt(transcript.segments).encode()),
        store.write(f"{folder}/chunks.parquet", _parquet(finished, models)),
    ]
    by_asr = transcript.source is TranscriptSource.ASR
    manifest = VideoManifest(
        video=finished.video,
        key=finished.key,
        transcript_source=transcript.source.value,
        language=transcript.language,
        asr_model=models.asr if by_asr else None,
        asr_compute_type=models.asr_compute_type if by_asr else None,
        embed_model=models.embedder,
        embed_compute_type=models.embedder_compute_type,
        dimension=finished.vectors.shape[1],
        audio_seconds=transcript.audio_seconds,
        segments=len(transcript.segments),
        chunks=len(finished.chunks),
        files=files,
        created_at=datetime.now(UTC),
    )
    return store.write_record_once(layout.manifest(finished.key), manifest)


def _parquet(finished: FinishedVideo, models: ModelNames) -> bytes:
    """Return the chunks and vectors of a video as one Parquet file."""
    count, dimension = finished.vectors.shape
    transcript = finished.transcript
    by_asr = transcript.source is TranscriptSource.ASR
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(finished.vectors.reshape(-1)), dimension)
    columns: dict[str, object] = {
        "video_id": pa.array([finished.video.id] * count, pa.string()),
        "chunk_index": pa.array(range(count), pa.int32()),
        "start": pa.array([round(chunk.start, 3) for chunk in finished.chunks], pa.float64()),
        "end": pa.array([round(chunk.end, 3) for chunk in finished.chunks], pa.float64()),
        "text": pa.array([chunk.text for chunk in finished.chunks], pa.string()),
        "tokens": pa.array([chunk.tokens for chunk in finished.chunks], pa.int32()),
        "language": pa.array([transcript.language] * count, pa.string()),
        "source": pa.array([transcript.source.value] * count, pa.string()),
        "asr_model": pa.array([models.asr if by_asr else None] * count, pa.string()),
        "asr_compute_type": pa.array([models.asr_compute_type if by_asr else None] * count, pa.string()),
        "embed_model": pa.array([models.embedder] * count, pa.string()),
        "embed_compute_type": pa.array([models.embedder_compute_type] * count, pa.string()),
        "dimension": pa.array([dimension] * count, pa.int32()),
        "content_hash": pa.array([_hash(chunk.text) for chunk in finished.chunks], pa.string()),
        "schema_version": pa.array([SCHEMA_VERSION] * count, pa.int32()),
        "vector": vectors,
    }
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
