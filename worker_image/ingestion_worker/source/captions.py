"""Captions that come with a video."""

from __future__ import annotations

import html
import io
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import webvtt
from webvtt.errors import MalformedCaptionError, MalformedFileError

from ingestion_contract.records import Segment
from ingestion_worker.text.words import one_line

log = logging.getLogger(__name__)

FORMATS = ("json3", "vtt", "srt")
"""In order of preference."""

MAX_SECONDS = 1e6
"""Longer than any video: times are not taken from a source unseen."""

_BROKEN = (
    MalformedFileError,
    MalformedCaptionError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
)


@dataclass(frozen=True)
class CaptionTrack:
    """A file with captions, on the source."""

    language: str
    format: str
    url: str


def choose(subtitles: Mapping[str, Sequence[Mapping[str, Any]]], languages: Iterable[str]) -> CaptionTrack | None:
    """Return the track in the first language that there is, or None.

    Args:
        subtitles: yt-dlp's, by language, each in several formats.
        languages: in order of preference; `en` takes `en-GB`, too, but prefers `en`.
    """
    for language in languages:
        for name in sorted(subtitles, key=lambda name: (name != language, name)):
            if name != language and name.split("-")[0] != language:
                continue
            for wanted in FORMATS:
                for track in subtitles[name]:
                    if track.get("ext") == wanted and track.get("url"):
                        return CaptionTrack(language=name, format=wanted, url=str(track["url"]))
    return None


def parse(text: str, kind: str) -> list[Segment] | None:
    """Read captions in json3, vtt or srt; None if they are broken or empty, which counts as no captions."""
    try:
        segments = _json3(text) if kind == "json3" else _cues(text, kind)
    except _BROKEN as error:
        log.warning("broken %s captions are passed over: %s", kind, error)
        return None
    if not all(0 <= segment.start <= segment.end < MAX_SECONDS for segment in segments):
        log.warning("%s captions with impossible times are passed over", kind)
        return None
    return [segment for segment in segments if segment.text] or None


def _cues(text: str, kind: str) -> list[Segment]:
    captions = webvtt.from_buffer(io.StringIO(text), format=kind).captions
    return [
        Segment(
            start=caption.start_time.in_milliseconds() / 1000,
            end=caption.end_time.in_milliseconds() / 1000,
            text=one_line(html.unescape(caption.text)),
        )
        for caption in captions
    ]


def _json3(text: str) -> list[Segment]:
    segments = []
    for event in json.loads(text)["events"]:
        words = "".join(part.get("utf8", "") for part in event.get("segs", []))
        start = event.get("tStartMs", 0) / 1000
        end = start + event.get("dDurationMs", 0) / 1000
        segments.append(Segment(start=start, end=end, text=one_line(words)))
    return segments
