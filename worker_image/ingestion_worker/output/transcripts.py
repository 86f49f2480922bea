"""The first layer of the output: transcripts, and the checkpoints of those that are not finished."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from uuid import uuid4

from ingestion_contract import layout
from ingestion_contract.records import Checkpoint, StoredFile, TranscriptManifest, Video
from ingestion_worker.output.store import Store
from ingestion_worker.output.transcript import (
    AsrModel,
    Transcript,
    TranscriptSource,
    segments_from_json_lines,
    to_json_lines,
    to_web_vtt,
)

JSON_LINES = "transcript.jsonl"
WEB_VTT = "transcript.vtt"


def save(store: Store, key: str, video: Video, transcript: Transcript) -> TranscriptManifest:
    """Write a transcript's files under a folder that no other attempt uses, then its manifest, and return that.

    A transcript that another process has written meanwhile stays; one whose file is not what its manifest says does
    not.

    Raises:
        OutputUnavailable: the storage refuses; nothing exists then, since the manifest does not.
    """
    path = layout.transcript_manifest(key)
    earlier = store.read_record(path, TranscriptManifest)
    if earlier is not None and _vouched(store, earlier) is not None:
        return earlier
    folder = layout.transcript_attempt(key, uuid4().hex)
    files = [
        store.write(f"{folder}/{JSON_LINES}", to_json_lines(video.id, transcript).encode()),
        store.write(f"{folder}/{WEB_VTT}", to_web_vtt(transcript.segments).encode()),
    ]
    asr = transcript.asr
    manifest = TranscriptManifest(
        key=key,
        video=video.redacted(),
        source=transcript.source.value,
        language=transcript.language,
        asr_model=None if asr is None else asr.name,
        asr_revision=None if asr is None else asr.revision,
        asr_compute_type=None if asr is None else asr.compute_type,
        audio_seconds=transcript.audio_seconds,
        segments=len(transcript.segments),
        files=files,
        created_at=datetime.now(UTC),
    )
    store.write_record(path, manifest)
    return manifest


def load(store: Store, key: str) -> Transcript | None:
    """Return a transcript, or None where there is none whose file is what its manifest says.

    Raises:
        OutputUnavailable: the storage refuses.
    """
    manifest = store.read_record(layout.transcript_manifest(key), TranscriptManifest)
    if manifest is None:
        return None
    text = _vouched(store, manifest)
    return None if text is None else _transcript(manifest, text)


def _vouched(store: Store, manifest: TranscriptManifest) -> bytes | None:
    """Return the content of the JSON Lines if its hash is the manifest's."""
    for file in manifest.files:
        if file.path.endswith(JSON_LINES):
            content = store.read(file.path)
            return content if content is not None and _is(content, file) else None
    return None


def _is(content: bytes, file: StoredFile) -> bool:
    return hashlib.sha256(content).hexdigest() == file.sha256


def _transcript(manifest: TranscriptManifest, text: bytes) -> Transcript:
    asr = None
    if manifest.asr_model is not None:
        asr = AsrModel(manifest.asr_model, manifest.asr_revision, manifest.asr_compute_type or "")
    return Transcript(
        source=TranscriptSource(manifest.source),
        language=manifest.language,
        segments=segments_from_json_lines(text.decode()),
        audio_seconds=manifest.audio_seconds,
        asr=asr,
    )


def save_checkpoint(store: Store, key: str, checkpoint: Checkpoint) -> None:
    """Write what was heard in one section.

    Raises:
        OutputUnavailable: the storage refuses.
    """
    store.write_record_once(layout.checkpoint(key, checkpoint.section), checkpoint)


def load_checkpoints(store: Store, key: str) -> list[Checkpoint]:
    """Return the checkpoints from the first section on, up to the first that is missing.

    Raises:
        OutputUnavailable: the storage refuses.
    """
    return list(_checkpoints(store, key))


def _checkpoints(store: Store, key: str) -> Iterator[Checkpoint]:
    end = 0.0
    for section in count():
        checkpoint = store.read_record(layout.checkpoint(key, section), Checkpoint)
        if checkpoint is None or checkpoint.section != section or checkpoint.start != end:
            return
        end = checkpoint.end
        yield checkpoint
