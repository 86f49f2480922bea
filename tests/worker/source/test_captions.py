"""Captions that come with a video."""

import html
import json
from typing import Any

import pytest
import webvtt

from ingestion_worker.output.transcript import Segment, to_web_vtt
from ingestion_worker.source.captions import CaptionTrack, choose, parse

VTT = "WEBVTT\n\n00:00:01.250 --> 00:00:02.500\n<b>GPU</b> &amp;\nmemory\n\n00:03.000 --> 00:04.000\n\n"
SRT = "1\n00:00:01,250 --> 00:00:02,500\nGPU &amp;\nmemory\n\n"
JSON3 = json.dumps(
    {
        "events": [
            {"tStartMs": 1250, "dDurationMs": 1250, "segs": [{"utf8": "GPU "}, {"utf8": "&\nmemory"}]},
            {"tStartMs": 9000, "id": 1},
        ]
    }
)


@pytest.mark.parametrize(("kind", "text"), [("vtt", VTT), ("srt", SRT), ("json3", JSON3)])
def test_each_format_gives_plain_text_with_times(kind: str, text: str) -> None:
    assert parse(text, kind) == [Segment(1.25, 2.5, "GPU & memory")]


@pytest.mark.parametrize(
    ("kind", "text"),
    [("vtt", "no captions"), ("vtt", "WEBVTT\n"), ("json3", "{"), ("json3", "[]"), ("json3", "{}"), ("srt", "")]
    + [("json3", "[" * 100_000)]
    + [
        ("json3", f'{{"events": [{{"tStartMs": {start}, "dDurationMs": {length}, "segs": [{{"utf8": "word"}}]}}]}}')
        for start, length in [("NaN", 1), ("-9", 1), ("9", -1), ("1e300", 1), ("1" + "0" * 400, 1), ("null", 1)]
    ],
)
def test_broken_or_empty_captions_are_none(kind: str, text: str) -> None:
    assert parse(text, kind) is None


def test_words_that_no_file_can_hold_are_made_fit() -> None:
    text = json.dumps({"events": [{"tStartMs": 0, "dDurationMs": 9, "segs": [{"utf8": "a\x00b\ud800\x85 --> c"}]}]})
    segments = parse(text, "json3")
    assert segments == [Segment(0, 0.009, "a b\\ud800 --> c")]
    cues = webvtt.from_string(to_web_vtt(segments)).captions
    assert [html.unescape(cue.text) for cue in cues] == ["a b\\ud800 --> c"]


def tracks(*kinds: str) -> list[dict[str, Any]]:
    return [{"ext": kind, "url": f"http://x/{kind}"} for kind in kinds]


def test_the_first_language_wins_then_its_own_name_then_the_format() -> None:
    subtitles = {"de": tracks("vtt"), "en-GB": tracks("json3"), "en": tracks("ttml", "srt", "vtt")}
    assert choose(subtitles, ["en", "de"]) == CaptionTrack("en", "vtt", "http://x/vtt")
    assert choose(subtitles, ["fr", "de"]) == CaptionTrack("de", "vtt", "http://x/vtt")
    assert choose({"en-GB": tracks("srt")}, ["en"]) == CaptionTrack("en-GB", "srt", "http://x/srt")


def test_other_languages_and_formats_are_not_taken() -> None:
    assert choose({"eng": tracks("vtt"), "en": tracks("ttml")}, ["en"]) is None
    assert choose({}, ["en"]) is None
