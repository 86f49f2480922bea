"""The verdict on the founding program comes from its files."""

from pathlib import Path

import pytest

from dev.incident.founding.records import Output
from dev.incident.founding.source import Listed
from dev.incident.verify import verify
from dev.sample_media.sentences import SampleVideo, expected

SAMPLE = expected(20)


def listed(video: SampleVideo) -> Listed:
    return Listed(f"http://127.0.0.1/watch/{video.id}.html", 2.0)


@pytest.fixture
def output(tmp_path: Path) -> Output:
    """All is well, but for the videos that do not exist."""
    output = Output(tmp_path)
    for video in SAMPLE.available:
        output.succeeded(listed(video), video.sentence, not video.has_captions, [1.0])
    for video in SAMPLE.unavailable:
        output.failed(listed(video), OSError("HTTP Error 410: Gone"))
    return output


def test_a_whole_output_has_nothing_missing(output: Output) -> None:
    found = verify(output, SAMPLE)

    assert (found.succeeded, found.missing, found.wrong) == (19, [], [])
    assert found.failed == {"OSError": 1}
    assert found.audio_seconds == pytest.approx(38)
    assert found.word_error_percent == 0


def test_what_ran_out_of_memory_is_counted_by_that_name(tmp_path: Path) -> None:
    output = Output(tmp_path)
    first, second, third, *others = SAMPLE.available
    output.failed(listed(first), RuntimeError("CUDA failed with error out of memory"))
    output.failed(listed(second), RuntimeError("CUDA out of memory. Tried to allocate 6.90 GiB."))
    output.failed(listed(third), ValueError("no audio: none at all"))

    found = verify(output, SAMPLE)

    assert found.failed == {"OutOfMemory": 2, "ValueError": 1, "NotProcessed": len(others) + len(SAMPLE.unavailable)}
    assert found.missing[0] == f"{first.id}: RuntimeError: CUDA failed with error out of memory"
    assert found.missing[3] == f"{others[0].id}: no outcome was recorded"
    assert found.word_error_percent is None


def test_a_transcript_without_words_is_wrong(output: Output) -> None:
    silent = SAMPLE.available[0]
    output.succeeded(listed(silent), "", True, [1.0])

    found = verify(output, SAMPLE)

    assert found.wrong == [f"{silent.id}: nothing was heard"]
    assert found.word_error_percent is not None
    assert found.word_error_percent > 0
