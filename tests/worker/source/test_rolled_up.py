"""Automatic captions roll up: each line is shown twice, and is to be read once."""

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.records import Segment
from ingestion_worker.source.captions import parse
from ingestion_worker.source.rolled_up import Cue, one_at_a_time, unrolled

YOUTUBE_VTT = """WEBVTT
Kind: captions
Language: en

00:00:00.160 --> 00:00:02.389 align:start position:0%
 
graphics<00:00:00.480><c> cards</c><00:00:00.719><c> have</c>

00:00:02.389 --> 00:00:02.399 align:start position:0%
graphics cards have
 

00:00:02.399 --> 00:00:05.030 align:start position:0%
graphics cards have
memory<00:00:02.800><c> and</c><00:00:03.120><c> bandwidth</c>

00:00:05.030 --> 00:00:05.040 align:start position:0%
memory and bandwidth
 

00:00:05.040 --> 00:00:07.910 align:start position:0%
memory and bandwidth
yeah

00:00:07.910 --> 00:00:07.920 align:start position:0%
yeah
 

00:00:07.920 --> 00:00:09.000 align:start position:0%
yeah
yeah

00:00:20.000 --> 00:00:22.000 align:start position:0%
yeah
"""  # noqa: W293 - so it is written

YOUTUBE_JSON3 = json.dumps(
    {
        "wireMagic": "pb3",
        "events": [
            {"tStartMs": 0, "dDurationMs": 9000, "id": 1, "wpWinPosId": 1, "wsWinStyleId": 1},
            {
                "tStartMs": 160,
                "dDurationMs": 4870,
                "wWinId": 1,
                "segs": [{"utf8": "graphics"}, {"utf8": " cards", "tOffsetMs": 320}, {"utf8": " have"}],
            },
            {"tStartMs": 2389, "dDurationMs": 2641, "wWinId": 1, "aAppend": 1, "segs": [{"utf8": "\n"}]},
            {
                "tStartMs": 2399,
                "dDurationMs": 5511,
                "wWinId": 1,
                "segs": [{"utf8": "memory"}, {"utf8": " and", "tOffsetMs": 401}, {"utf8": " bandwidth"}],
            },
            {"tStartMs": 5030, "dDurationMs": 2880, "wWinId": 1, "aAppend": 1, "segs": [{"utf8": "\n"}]},
            {"tStartMs": 5040, "dDurationMs": 3960, "wWinId": 1, "segs": [{"utf8": "yeah"}]},
            {"tStartMs": 7910, "dDurationMs": 1090, "wWinId": 1, "aAppend": 1, "segs": [{"utf8": "\n"}]},
            {"tStartMs": 7920, "dDurationMs": 1080, "wWinId": 1, "segs": [{"utf8": "yeah"}]},
        ],
    }
)


def test_youtubes_web_vtt_gives_each_line_once_from_when_it_was_new() -> None:
    assert parse(YOUTUBE_VTT, "vtt", automatic=True) == [
        Segment(start=0.16, end=2.389, text="graphics cards have"),
        Segment(start=2.399, end=5.03, text="memory and bandwidth"),
        Segment(start=5.04, end=7.91, text="yeah"),
        Segment(start=7.92, end=9.0, text="yeah"),
        Segment(start=20.0, end=22.0, text="yeah"),
    ]


def test_youtubes_own_format_gives_the_same_without_overlaps() -> None:
    assert parse(YOUTUBE_JSON3, "json3", automatic=True) == [
        Segment(start=0.16, end=2.399, text="graphics cards have"),
        Segment(start=2.399, end=5.04, text="memory and bandwidth"),
        Segment(start=5.04, end=7.92, text="yeah"),
        Segment(start=7.92, end=9.0, text="yeah"),
    ]


def test_what_people_have_written_is_left_as_it_is() -> None:
    text = "WEBVTT\n\n00:00.000 --> 00:02.000\nNo.\n\n00:02.000 --> 00:04.000\nNo.\n\n"
    written = parse(text, "vtt")
    assert written is not None
    assert [segment.text for segment in written] == ["No.", "No."]


LINES = st.lists(st.sampled_from(["yeah", "no", "so the", "memory"]), min_size=1, max_size=30)
"""Few words, so that lines repeat."""


def rolled_up(lines: list[str]) -> list[Cue]:
    """As YouTube shows lines: each below the one before, then alone for ten milliseconds."""
    cues = []
    for number, line in enumerate(lines):
        start = 3.0 * number
        before = tuple(lines[number - 1 : number]) if number else ()
        cues += [Cue(start, start + 2.99, (*before, line)), Cue(start + 2.99, start + 3.0, (line,))]
    return cues


@given(LINES)
def test_no_word_is_lost_and_none_doubled(lines: list[str]) -> None:
    assert [line for cue in unrolled(rolled_up(lines)) for line in cue.lines] == lines


@given(LINES)
def test_lines_follow_each_other_in_time(lines: list[str]) -> None:
    cues = one_at_a_time(unrolled(rolled_up(lines)))
    assert all(cue.start <= cue.end for cue in cues)
    assert all(earlier.end <= later.start for earlier, later in pairwise(cues))


@given(st.lists(st.lists(st.uuids().map(str), min_size=1, max_size=3), max_size=10))
def test_lines_that_all_differ_are_all_kept(screens: list[list[str]]) -> None:
    cues = [Cue(float(number), number + 1.0, tuple(lines)) for number, lines in enumerate(screens)]
    assert one_at_a_time(unrolled(cues)) == cues


@given(LINES)
def test_reading_twice_changes_nothing_where_lines_differ_from_their_neighbours(lines: list[str]) -> None:
    distinct = [line for number, line in enumerate(lines) if not number or line != lines[number - 1]]
    once = list(unrolled(rolled_up(distinct)))
    assert list(unrolled(once)) == once
