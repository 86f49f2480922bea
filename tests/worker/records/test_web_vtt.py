"""WebVTT that others read: webvtt-py, which is strict, and FFmpeg's demuxer, which shares no code with it."""

import html
import io

import av
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.records import Segment
from ingestion_worker.output.transcript import (
    Transcript,
    TranscriptSource,
    rounded,
    segments_from_json_lines,
    to_json_lines,
    to_web_vtt,
)
from ingestion_worker.text.words import one_line

TRAPS = [
    "a --> b",
    "WEBVTT",
    "NOTE x",
    "STYLE",
    "00:00.000 --> 00:01.000",
    "<v Bob>hi</v>",
    "a\n\nb",
    "\u2028",
    "&lt;",
    " ",
]

times = st.floats(0, 200_000, allow_nan=False)
texts = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(TRAPS)
segments = st.lists(
    st.builds(Segment, start=times, end=times, text=texts),
    max_size=5,
    unique_by=lambda segment: segment.text,  # FFmpeg shows a cue that is there twice but once
)


def cues(content: str) -> list[tuple[float, float, str]]:
    """What FFmpeg reads: beginning and end in seconds, and the text as it stands there."""
    container = av.open(io.BytesIO(content.encode()), mode="r", format="webvtt")
    found = []
    with container:
        for packet in container.demux():
            if packet.pts is not None and packet.time_base is not None:
                start = float(packet.pts * packet.time_base)
                end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
                found.append((start, end, bytes(packet).decode()))
    return found


@given(segments)
def test_every_segment_with_text_is_a_cue(segments: list[Segment]) -> None:
    content = to_web_vtt(segments)
    spoken = sorted((segment for segment in segments if one_line(segment.text)), key=lambda segment: segment.start)
    read = cues(content) if spoken else []
    assert [text for _, _, text in read] == [html.escape(one_line(segment.text), quote=False) for segment in spoken]
    for segment, (start, end, _) in zip(spoken, read, strict=True):
        assert abs(start - segment.start) <= 0.001
        assert end > start
        assert abs(end - max(segment.end, segment.start)) <= 0.002
    assert [cue.raw_text for cue in webvtt.from_string(content).captions] == [text for _, _, text in read]


@given(segments)
def test_json_lines_read_back_as_they_were(segments: list[Segment]) -> None:
    transcript = Transcript(TranscriptSource.ASR, "en", tuple(segments), 1.0)
    assert segments_from_json_lines(to_json_lines("youtube:abc", transcript)) == rounded(segments)
