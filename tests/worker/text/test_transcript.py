"""Transcripts as files."""

import json

import webvtt

from ingestion_contract.records import Segment
from ingestion_worker.output.transcript import Transcript, TranscriptSource, to_json_lines, to_web_vtt

SEGMENTS = (
    Segment(start=0.0, end=1.5, text="a < b & c"),
    Segment(start=3599.9996, end=3601.25, text="two\nlines"),
)


def test_web_vtt_reads_back() -> None:
    text = to_web_vtt(SEGMENTS)
    assert text.startswith("WEBVTT\n")
    cues = webvtt.from_string(text).captions
    assert [(cue.start, cue.end) for cue in cues] == [
        ("00:00:00.000", "00:00:01.500"),
        ("01:00:00.000", "01:00:01.250"),
    ]
    assert cues[0].raw_text == "a &lt; b &amp; c"
    assert "\n\n" not in cues[1].raw_text


def test_json_lines_have_a_segment_a_line() -> None:
    transcript = Transcript(TranscriptSource.ASR, "en", SEGMENTS, 3602.0)
    lines = [json.loads(line) for line in to_json_lines("youtube:abc", transcript).splitlines()]
    assert [line["text"] for line in lines] == ["a < b & c", "two\nlines"]
    assert lines[1] == {
        "video_id": "youtube:abc",
        "segment_index": 1,
        "start": 3600.0,
        "end": 3601.25,
        "text": "two\nlines",
        "language": "en",
        "source": "asr",
    }
