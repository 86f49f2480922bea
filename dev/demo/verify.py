"""Checks the output against the sample, video by video, without a word of the operator's or the worker's."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from dev.demo_model.evaluate import word_error_rate
from dev.sample_media.sentences import Expected
from ingestion_contract import layout
from ingestion_contract.metrics import Result
from ingestion_contract.records import Outcome, StoredFile, TranscriptManifest, VideoManifest

NOT_PROCESSED = "NotProcessed"
"""A video of which nothing was recorded: the word that the final count has for it."""


@dataclass(frozen=True)
class Verification:
    """What lies in the output. `missing` and `wrong` are sentences for a person; both empty is a success.

    word_error_percent: of what was heard, not of captions; None where nothing was.
    """

    succeeded: int
    skipped: dict[str, int]
    failed: dict[str, int]
    audio_seconds: float
    word_error_percent: float | None
    missing: list[str]
    wrong: list[str]


def verify(output: Path, run_uid: str, expected: Expected) -> Verification:
    """Compare the output's folder with what the sample declares.

    Args:
        output: root of the output.
        run_uid: uid of the run.
        expected: which videos exist, and which do not.
    """
    outcomes = _outcomes(output, run_uid)
    manifests = _manifests(output)
    missing: list[str] = []
    wrong: list[str] = []
    unrecorded = 0
    for video in expected.available:
        manifest = manifests.get(video.id)
        if manifest is None:
            missing.append(f"{video.id}: {_told(outcomes.get(video.id))}")
            if video.id not in outcomes:
                unrecorded += 1
        else:
            wrong.extend(f"{video.id}: {fault}" for fault in _faults(output, manifest))
    for video in expected.unavailable:
        outcome = outcomes.get(video.id)
        if outcome is None or (outcome.result, outcome.reason) != (Result.SKIPPED, video.unavailable):
            wrong.append(f"{video.id}: should have been skipped ({video.unavailable}): {_told(outcome)}")
    there = [manifests[video.id] for video in expected.available if video.id in manifests]
    return Verification(
        succeeded=len(there),
        skipped=_reasons(outcomes, Result.SKIPPED),
        failed=_reasons(outcomes, Result.FAILED) | ({NOT_PROCESSED: unrecorded} if unrecorded else {}),
        audio_seconds=sum(manifest.audio_seconds for manifest in there),
        word_error_percent=_word_error_percent(output, manifests, expected),
        missing=missing,
        wrong=wrong,
    )


def _outcomes(output: Path, run_uid: str) -> dict[str, Outcome]:
    folder = output / Path(layout.outcome(run_uid, "any")).parent
    found = [Outcome.from_wire(json.loads(path.read_text())) for path in folder.glob("*.json")]
    return {_sample_id(outcome.video_id): outcome for outcome in found}


def _manifests(output: Path) -> dict[str, VideoManifest]:
    found = [VideoManifest.from_wire(json.loads(path.read_text())) for path in output.glob(layout.manifest("*"))]
    return {_sample_id(manifest.video.id): manifest for manifest in found}


def _sample_id(video_id: str) -> str:
    return video_id.rpartition(":")[2]


def _faults(output: Path, manifest: VideoManifest) -> list[str]:
    transcript = _transcript(output, manifest)
    if transcript is None:
        return [f"there is no transcript {manifest.transcript_key}, from which its chunks are made"]
    files = (*transcript.files, *manifest.files)
    faults = [f"{file.path} is not what the manifest says" for file in files if not _intact(output, file)]
    if not transcript.segments or not manifest.chunks:
        faults.append(f"{transcript.segments} segments and {manifest.chunks} chunks: nothing was heard")
    return faults


def _transcript(output: Path, manifest: VideoManifest) -> TranscriptManifest | None:
    path = output / layout.transcript_manifest(manifest.transcript_key)
    return TranscriptManifest.from_wire(json.loads(path.read_text())) if path.is_file() else None


def _intact(output: Path, file: StoredFile) -> bool:
    path = output / file.path
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256


def _word_error_percent(output: Path, manifests: dict[str, VideoManifest], expected: Expected) -> float | None:
    """Return the wrong words among those spoken, over the videos that speech recognition transcribed."""
    pairs = [
        (video.sentence, _heard(output, manifests[video.id]))
        for video in expected.available
        if video.id in manifests and not video.has_captions
    ]
    return 100 * word_error_rate(pairs) if pairs else None


def _heard(output: Path, manifest: VideoManifest) -> str:
    transcript = _transcript(output, manifest)
    if transcript is None:
        return ""
    lines = next(output / file.path for file in transcript.files if file.path.endswith("transcript.jsonl"))
    return " ".join(json.loads(line)["text"].strip() for line in lines.read_text().splitlines())


def _told(outcome: Outcome | None) -> str:
    return f"{outcome.result} {outcome.reason} {outcome.detail}".strip() if outcome else "no outcome was recorded"


def _reasons(outcomes: dict[str, Outcome], result: Result) -> dict[str, int]:
    return dict(Counter(outcome.reason for outcome in outcomes.values() if outcome.result is result))
