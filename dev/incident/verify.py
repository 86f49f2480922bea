"""Checks the founding program's output against the sample, video by video."""

from __future__ import annotations

from collections import Counter

from dev.demo.verify import NOT_PROCESSED, Verification
from dev.demo_model.evaluate import word_error_rate
from dev.incident.founding.records import Output, Transcript
from dev.sample_media.sentences import Expected

OUT_OF_MEMORY = "OutOfMemory"


def verify(output: Output, expected: Expected) -> Verification:
    """Compare the output with what the sample declares.

    The program tells no video that does not exist from one that it lost: all have failed, and none is skipped.
    """
    transcripts, failures = output.transcripts(), output.failures()
    there = [transcripts[video.id] for video in expected.available if video.id in transcripts]
    told = {video.id: failures.get(video.id) for video in (*expected.available, *expected.unavailable)}
    return Verification(
        succeeded=len(there),
        skipped={},
        failed=dict(Counter(reason(text) for name, text in told.items() if name not in transcripts)),
        audio_seconds=sum(transcript.seconds for transcript in there),
        word_error_percent=_word_error_percent(transcripts, expected),
        missing=[
            f"{video.id}: {told[video.id] or 'no outcome was recorded'}"
            for video in expected.available
            if video.id not in transcripts
        ],
        wrong=[f"{one.id}: nothing was heard" for one in there if not one.text or not one.vector],
    )


def reason(failure: str | None) -> str:
    """Return in a word why a video failed, from what was written of it."""
    if failure is None:
        return NOT_PROCESSED
    return OUT_OF_MEMORY if "out of memory" in failure.lower() else failure.partition(":")[0]


def _word_error_percent(transcripts: dict[str, Transcript], expected: Expected) -> float | None:
    pairs = [
        (video.sentence, transcripts[video.id].text)
        for video in expected.available
        if video.id in transcripts and transcripts[video.id].heard
    ]
    return 100 * word_error_rate(pairs) if pairs else None
