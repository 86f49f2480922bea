"""The keys of the output, in two layers: the same key, the same content."""

from __future__ import annotations

import hashlib
import json

from ingestion_contract.records import TranscriptManifest, Video, VideoManifest
from ingestion_contract.spec import IngestionRunSpec

KEY_LENGTH = 32


def transcript_key(video: Video, spec: IngestionRunSpec) -> str:
    """Return 32 hex digits over the video and all that shapes its transcript, and nothing else.

    Runs that differ in other fields (embedding, workers, memory, the other videos) share what is there.
    """
    smaller = {"allowSmallerComputeType": True} if spec.memory.allow_smaller_compute_type else {}
    return _digest(
        {
            **smaller,
            "schemaVersion": TranscriptManifest.model_fields["schema_version"].default,
            "id": video.id,
            "url": video.url,
            "version": video.version,
            "captions": spec.source.captions.value,
            "languages": spec.source.languages,
            "transcription": spec.transcription.to_wire(),
        }
    )


def video_key(video: Video, spec: IngestionRunSpec) -> str:
    """Return 32 hex digits over the transcript and all that shapes the chunks and vectors made from it."""
    return _digest(
        {
            "schemaVersion": VideoManifest.model_fields["schema_version"].default,
            "transcript": transcript_key(video, spec),
            "embedding": spec.embedding.to_wire(),
        }
    )


def _digest(recipe: dict[str, object]) -> str:
    canonical = json.dumps(recipe, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:KEY_LENGTH]
