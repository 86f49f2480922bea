"""Captions that come with a video: which are tried, and how they are read."""

import html
import json
from typing import Any

import pytest
import webvtt

from ingestion_contract.records import Segment
from ingestion_worker.output.transcript import to_web_vtt
from ingestion_worker.source.captions import CaptionTrack, candidates, parse

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
    assert parse(text, kind) == [Segment(start=1.25, end=2.5, text="GPU & memory")]


@pytest.mark.parametrize("automatic", [False, True])
@pytest.mark.parametrize(
    ("kind", "text"),
    [("vtt", "no captions"), ("vtt", "WEBVTT\n"), ("json3", "{"), ("json3", "[]"), ("json3", "{}"), ("srt", "")]
    + [("vtt", "<html><body>Sorry</body></html>"), ("vtt", "#EXTM3U\n#EXT-X-VERSION:3\n")]
    + [("json3", "[" * 100_000)]
    + [
        ("json3", f'{{"events": [{{"tStartMs": {start}, "dDurationMs": {length}, "segs": [{{"utf8": "word"}}]}}]}}')
        for start, length in [("NaN", 1), ("-9", 1), ("9", -1), ("1e300", 1), ("1" + "0" * 400, 1), ("null", 1)]
    ],
)
def test_broken_or_empty_captions_are_none(kind: str, text: str, automatic: bool) -> None:
    assert parse(text, kind, automatic) is None


def test_words_that_no_file_can_hold_are_made_fit() -> None:
    text = json.dumps({"events": [{"tStartMs": 0, "dDurationMs": 9, "segs": [{"utf8": "a\x00b\ud800\x85 --> c"}]}]})
    segments = parse(text, "json3")
    assert segments == [Segment(start=0, end=0.009, text="a b\\ud800 --> c")]
    cues = webvtt.from_string(to_web_vtt(segments)).captions
    assert [html.unescape(cue.text) for cue in cues] == ["a b\\ud800 --> c"]


def tracks(*kinds: str, of: str = "x") -> list[dict[str, Any]]:
    return [{"ext": kind, "url": f"http://{of}/{kind}"} for kind in kinds]


def first(subtitles: dict[str, Any], languages: list[str]) -> CaptionTrack | None:
    return next(iter(candidates({"subtitles": subtitles}, languages)), None)


def test_the_first_language_wins_then_its_own_name_then_the_format() -> None:
    subtitles = {"de": tracks("vtt"), "en-GB": tracks("json3"), "en": tracks("ttml", "srt", "vtt")}
    assert first(subtitles, ["en", "de"]) == CaptionTrack("en", "vtt", "http://x/vtt")
    assert first(subtitles, ["fr", "de"]) == CaptionTrack("de", "vtt", "http://x/vtt")
    assert first({"en-GB": tracks("srt")}, ["en"]) == CaptionTrack("en-GB", "srt", "http://x/srt")


def test_other_languages_and_formats_are_not_taken() -> None:
    assert first({"eng": tracks("vtt"), "en": tracks("ttml")}, ["en"]) is None
    assert candidates({}, ["en"]) == []
    assert candidates({"subtitles": None, "automatic_captions": None}, ["en"]) == []


YOUTUBE = {
    "language": "de",
    "subtitles": {"en": tracks("json3", of="people"), "live_chat": [{"ext": "json", "url": "http://chat"}]},
    "automatic_captions": {
        "de-orig": tracks("srv3", "json3", "vtt", of="heard"),
        "de": tracks("json3", of="heard-again"),
        "en": tracks("json3", of="translated"),
        "fr": tracks("json3", of="translated"),
    },
}
"""As yt-dlp gives it for a German talk with English subtitles."""


def test_peoples_own_captions_come_before_the_automatic_ones_that_were_heard() -> None:
    assert candidates(YOUTUBE, ["de", "en"]) == [
        CaptionTrack("en", "json3", "http://people/json3"),
        CaptionTrack("de", "json3", "http://heard/json3", automatic=True),
    ]


def test_what_a_machine_has_translated_is_never_taken() -> None:
    assert candidates(YOUTUBE, ["fr"]) == []
    assert [track.url for track in candidates(YOUTUBE, ["en"])] == ["http://people/json3"]


def test_any_language_is_the_one_that_is_spoken() -> None:
    assert candidates(YOUTUBE, ["*"]) == [CaptionTrack("de", "json3", "http://heard/json3", automatic=True)]
    unsaid = {**YOUTUBE, "language": None}
    assert candidates(unsaid, ["*"]) == candidates(YOUTUBE, ["*"])


def test_the_spoken_language_is_taken_without_its_region_too_but_with_it_first() -> None:
    written = {"en": tracks("vtt", of="people"), "en-GB": tracks("vtt", of="british")}
    info = {
        "language": "en-US",
        "subtitles": written,
        "automatic_captions": {"en-orig": tracks("vtt", of="heard")},
    }
    assert [track.url for track in candidates(info, ["*"])] == ["http://people/vtt", "http://heard/vtt"]
    regional = {**info, "subtitles": {**written, "en-US": tracks("vtt", of="american")}}
    assert candidates(regional, ["*"])[0].url == "http://american/vtt"
    heard = {"automatic_captions": {"en-US-orig": tracks("vtt", of="heard")}, "subtitles": written}
    assert [track.url for track in candidates(heard, ["*"])] == ["http://people/vtt", "http://heard/vtt"]
