"""A transcript, and the files that hold it."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from webvtt import WebVTT
from webvtt.models import Caption, Timestamp


class TranscriptSource(StrEnum):
    """Where a transcript comes from."""

    CAPTIONS = "captions"
    ASR = "asr"


@dataclass(frozen=True)
class Segment:
    """A stretch of speech; times in seconds from the beginning of the video."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Transcript:
    """What was said in a video. `audio_seconds` is the length of the video, 0 where it is not known."""

    source: TranscriptSource
    language: str
    segments: tuple[Segment, ...]
    audio_seconds: float


def to_json_lines(video_id: str, transcript: Transcript) -> str:
    """Write a transcript as JSON Lines, one segment a line."""
    lines = [
        json.dumps(
            {
                "video_id": video_id,
                "segment_index": index,
                "start": round(segment.start, 3),
                "end": round(segment.end, 3),
                "text": segment.text,
                "language": transcript.language,
                "source": transcript.source.value,
            },
            ensure_ascii=False,
        )
        for index, segment in enumerate(transcript.segments)
    ]
    return "".join(f"{line}\n" for line in lines)


def to_web_vtt(segments: Sequence[Segment]) -> str:
    """Write segments as WebVTT."""
    captions = [
        Caption(
            start=str(Timestamp.from_seconds(segment.start)),
            end=str(Timestamp.from_seconds(segment.end)),
            text=html.escape(segment.text, quote=False),
        )
        for segment in segments
    ]
    return WebVTT(captions=captions).content
