"""A transcript, and the texts that hold it."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from webvtt import WebVTT
from webvtt.models import Caption, Timestamp

from ingestion_contract.records import Segment, Word
from ingestion_worker.text.words import one_line

DIGITS = 3
"""Times are written to the millisecond."""


class TranscriptSource(StrEnum):
    """Where a transcript comes from."""

    MANUAL_CAPTIONS = "manual_captions"
    AUTOMATIC_CAPTIONS = "automatic_captions"
    ASR = "asr"


@dataclass(frozen=True)
class AsrModel:
    """The speech model, as records name it. `revision` is the hub's commit, None for a model from a folder."""

    name: str
    revision: str | None
    compute_type: str


@dataclass(frozen=True)
class Transcript:
    """What was said in a video.

    Attributes:
        audio_seconds: the length of the video, 0 where it is not known.
        asr: None for captions.
    """

    source: TranscriptSource
    language: str
    segments: tuple[Segment, ...]
    audio_seconds: float
    asr: AsrModel | None = None


def to_json_lines(video_id: str, transcript: Transcript) -> str:
    """Write a transcript as JSON Lines, one segment a line."""
    lines = [
        json.dumps(_record(video_id, index, segment, transcript), ensure_ascii=False)
        for index, segment in enumerate(transcript.segments)
    ]
    return "".join(f"{line}\n" for line in lines)


def _record(video_id: str, index: int, segment: Segment, transcript: Transcript) -> dict[str, object]:
    record: dict[str, object] = {
        "video_id": video_id,
        "segment_index": index,
        "start": round(segment.start, DIGITS),
        "end": round(segment.end, DIGITS),
        "text": segment.text,
        "language": transcript.language,
        "source": transcript.source.value,
    }
    if segment.confidence is not None:
        record["confidence"] = round(segment.confidence, DIGITS)
    if segment.words:
        record["words"] = [
            {"start": round(word.start, DIGITS), "end": round(word.end, DIGITS), "text": word.text}
            for word in segment.words
        ]
    return record


def segments_from_json_lines(text: str) -> tuple[Segment, ...]:
    """Read the segments that `to_json_lines` wrote.

    Raises:
        ValueError, KeyError: it did not write this.
    """
    return tuple(_segment(json.loads(line)) for line in text.split("\n") if line)


def _segment(record: dict[str, object]) -> Segment:
    fields = {name: record[name] for name in ("start", "end", "text")}
    return Segment.model_validate({**fields, "confidence": record.get("confidence"), "words": record.get("words", [])})


def rounded(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Return segments as they read back from `to_json_lines`: what is made from them may not depend on the way."""
    return tuple(
        Segment(
            start=round(segment.start, DIGITS),
            end=round(segment.end, DIGITS),
            text=segment.text,
            words=[
                Word(start=round(word.start, DIGITS), end=round(word.end, DIGITS), text=word.text)
                for word in segment.words
            ],
            confidence=None if segment.confidence is None else round(segment.confidence, DIGITS),
        )
        for segment in segments
    )


def to_web_vtt(segments: Sequence[Segment]) -> str:
    """Write segments as WebVTT: a cue each, in the order of their beginnings, as the standard wants it.

    A cue's text is one line, since an empty one would end it. A segment without text has no cue, and a cue lasts a
    millisecond at least.
    """
    captions = [
        Caption(
            start=str(Timestamp.from_seconds(segment.start)),
            end=str(Timestamp.from_seconds(max(segment.end, segment.start + 0.001))),
            text=html.escape(text, quote=False),
        )
        for segment in sorted(segments, key=lambda segment: segment.start)
        if (text := one_line(segment.text))
    ]
    return WebVTT(captions=captions).content
