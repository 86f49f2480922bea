"""The key of a video's output: the same key, the same content."""

from __future__ import annotations

import hashlib
import json

from ingestion_contract.records import Video, VideoManifest
from ingestion_contract.spec import IngestionRunSpec

KEY_LENGTH = 32


def video_key(video: Video, spec: IngestionRunSpec) -> str:
    """Return 32 hex digits over the video and all that shapes its transcript and vectors, and nothing else.

    Runs that differ in other fields (workers, memory, the other videos) share what is there.
    """
    recipe = {
        "schemaVersion": VideoManifest.model_fields["schema_version"].default,
        "id": video.id,
        "url": video.url,
        "captions": spec.source.captions.value,
        "languages": spec.source.languages,
        "transcription": spec.transcription.to_wire(),
        "embedding": spec.embedding.to_wire(),
    }
    canonical = json.dumps(recipe, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:KEY_LENGTH]
