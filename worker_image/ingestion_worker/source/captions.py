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
from ingestion_worker.media.length import MOST_SECONDS
from ingestion_worker.source.rolled_up import Cue, one_at_a_time, unrolled
from ingestion_worker.text.words import one_line

log = logging.getLogger(__name__)

FORMATS = ("json3", "vtt", "srt")
"""In order of preference."""

MAX_PIECES = 300_000
"""Lines of a file, or parts of json3: twice what twelve hours of talk have. Each costs time and memory to read."""

ANY = "*"
"""A language of the run that stands for the one that is spoken in a video."""

ORIGINAL = "-orig"
"""yt-dlp's mark of automatic captions in the language that is spoken: all others are translated by a machine."""

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

Tracks = Mapping[str, Sequence[Mapping[str, Any]]]
"""yt-dlp's: by language, each in several formats."""


@dataclass(frozen=True)
class CaptionTrack:
    """A file with captions, on the source."""

    language: str
    format: str
    url: str
    automatic: bool = False


def candidates(info: Mapping[str, Any], languages: Sequence[str]) -> list[CaptionTrack]:
    """Return the tracks to try, in order: people's own captions first, then the automatic ones as they were heard.

    Args:
        info: yt-dlp's of one video.
        languages: in order of preference; `en` takes `en-GB`, too, but prefers `en`. `*` is the spoken one: where the
            source says `en-US`, that comes first, and then `en`.
    """
    heard: Tracks = {
        name.removesuffix(ORIGINAL): tracks
        for name, tracks in (info.get("automatic_captions") or {}).items()
        if name.endswith(ORIGINAL)
    }
    said = [str(info["language"])] if info.get("language") else list(heard)
    spoken = [name for language in said for name in dict.fromkeys((language, language.split("-")[0]))]
    wanted = [name for language in languages for name in (spoken if language == ANY else [language])]
    found = [_choose(info.get("subtitles") or {}, wanted, False), _choose(heard, wanted, True)]
    return [track for track in found if track is not None]


def _choose(tracks: Tracks, languages: Iterable[str], automatic: bool) -> CaptionTrack | None:
    """Return the track in the first language that there is, or None."""
    for language in languages:
        for name in sorted(tracks, key=lambda name: (name != language, name)):
            if name != language and name.split("-")[0] != language:
                continue
            for wanted in FORMATS:
                for track in tracks[name]:
                    if track.get("ext") == wanted and track.get("url"):
                        return CaptionTrack(name, wanted, str(track["url"]), automatic)
    return None


def parse(text: str, kind: str, automatic: bool = False) -> list[Segment] | None:
    """Read captions in json3, vtt or srt; None if they are broken, empty or endless, which counts as no captions.

    Args:
        automatic: they may roll up: see `rolled_up`. People's own are taken as they are, repetitions and all.
    """
    if _pieces(text, kind) > MAX_PIECES:
        log.warning("%s captions of more than %d lines or parts are passed over", kind, MAX_PIECES)
        return None
    try:
        cues = [cue for cue in _read(text, kind, automatic) if cue.lines]
    except _BROKEN as error:
        log.warning("broken %s captions are passed over: %s", kind, error)
        return None
    if not all(0 <= cue.start <= cue.end < MOST_SECONDS for cue in cues):
        log.warning("%s captions with impossible times are passed over", kind)
        return None
    if automatic:
        cues = one_at_a_time(cues)
    return [Segment(start=cue.start, end=cue.end, text=" ".join(cue.lines)) for cue in cues] or None


def _pieces(text: str, kind: str) -> int:
    marks = ("{", "[", "\\n") if kind == "json3" else ("\n", "\r")
    return sum(map(text.count, marks))


def _read(text: str, kind: str, automatic: bool) -> Iterable[Cue]:
    if kind == "json3":
        return _json3(text)
    return unrolled(_cues(text, kind)) if automatic else _cues(text, kind)


def _cues(text: str, kind: str) -> list[Cue]:
    captions = webvtt.from_buffer(io.StringIO(text), format=kind).captions
    return [
        Cue(
            caption.start_time.in_milliseconds() / 1000,
            caption.end_time.in_milliseconds() / 1000,
            _lines(html.unescape(caption.text)),
        )
        for caption in captions
    ]


def _json3(text: str) -> list[Cue]:
    """Read YouTube's own format: events, of which those that only append a line end, or open a window, say nothing."""
    cues = []
    for event in json.loads(text)["events"]:
        words = "".join(part.get("utf8", "") for part in event.get("segs", []))
        start = event.get("tStartMs", 0) / 1000
        cues.append(Cue(start, start + event.get("dDurationMs", 0) / 1000, _lines(words)))
    return cues


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in map(one_line, text.split("\n")) if line)
