"""From measurements to rows and to the page."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.worker.job import Answer
from benchmarks.worker.measure import Measurement
from benchmarks.worker.page import page
from benchmarks.worker.plot import draw
from benchmarks.worker.report import HostMemory, Report, Texts, rows

HOUR = 3600.0


def took(seconds: float, ready: float = 100.0, peak: int = 2**30) -> Measurement:
    return Measurement(Answer(ready, seconds, []), peak)


def test_windows_are_counted_by_the_words_that_each_has() -> None:
    heard = Measurement(Answer(1.0, 1.0, ["word " * 80, "word " * 40]), 1)
    assert [row.windows for row in rows("short-clips", HOUR, {"ours": [heard]}, None)] == [3, 3]


def report(
    seconds: dict[str, Sequence[float]], texts: Texts | None = None, memory: Sequence[HostMemory] = ()
) -> Report:
    measured = {system: [took(each) for each in rounds] for system, rounds in seconds.items()}
    found = [row for load in ("short-clips", "long-files") for row in rows(load, HOUR, measured, texts)]
    return Report(about={"machine": "a test"}, rows=found, host_memory=list(memory), absent={})


def test_a_row_has_the_median_of_the_rounds_and_their_range() -> None:
    row = report({"ours": [100, 200, 400]}).row("short-clips", "ours")
    assert row is not None
    assert (row.audio_hours_per_hour, row.lowest, row.highest) == (18, 9, 36)
    assert row.peak_host_bytes == 2**30
    assert row.peak_device_bytes is None


def test_a_cold_row_counts_from_the_start_of_the_process() -> None:
    row = report({"ours": [100]}).row("short-clips", "ours", "cold")
    assert row is not None
    assert row.audio_hours_per_hour == HOUR / 200


def test_the_model_alone_has_no_cold_row() -> None:
    assert report({"model-only": [100]}).row("short-clips", "model-only", "cold") is None


def test_a_ratio_is_taken_within_each_round() -> None:
    found = report({"ours": [100, 300, 200], "faster-whisper": [200, 600, 200], "model-only": [90, 270, 180]})
    rival = found.row("short-clips", "faster-whisper")
    ours = found.row("short-clips", "ours")
    assert rival is not None
    assert rival.ours_times == 2.0
    assert ours is not None
    assert ours.of_model_only == pytest.approx(0.9)
    assert ours.ours_times is None


def test_a_system_that_embeds_is_compared_with_the_worker_that_does() -> None:
    found = report({"ours": [100], "ours-with-embedding": [150], "incident": [300], "faster-whisper": [300]})
    factors = {row.system: row.ours_times for row in found.rows if row.start == "warm"}
    assert (factors["incident"], factors["faster-whisper"]) == (2.0, 3.0)


def test_texts_are_judged_by_whole_clips_and_by_words() -> None:
    heard = ["the queue grows", "the node is new"]
    texts = Texts(
        clips={"faster-whisper": heard, "ours": ["the  queue grows", "the node is old"]},
        sentences={"faster-whisper": heard, "ours": ["the queue grows", "the node is old"]},
        spoken=heard,
    )
    found = report({"faster-whisper": [100], "ours": [100]}, texts)
    ours, rival = found.row("short-clips", "ours"), found.row("short-clips", "faster-whisper")
    assert ours is not None
    assert (ours.text_equal, ours.word_error_rate) == (0.5, 1 / 7)
    assert rival is not None
    assert (rival.text_equal, rival.word_error_rate) == (1.0, 0.0)


def test_it_reads_back_as_it_was_written(tmp_path: Path) -> None:
    written = report({"ours": [100], "model-only": [90]}, memory=[HostMemory("ours", 5.0, 1)])
    written.write(tmp_path / "build" / "worker.json")
    assert Report.read(tmp_path / "build" / "worker.json") == written


def test_the_page_says_who_is_ahead_of_the_worker() -> None:
    text = page(report({"ours": [100], "faster-whisper": [80], "whisperx": [200], "model-only": [70]}))
    assert "| short-clips: ahead of every other system | no: 0.80 x faster-whisper |" in text
    assert "| short-clips: at least 85 % of the model alone | no: 70.0 % |" in text


def test_the_page_says_how_far_the_closest_is_behind() -> None:
    text = page(report({"ours": [100], "faster-whisper": [150], "whisperx": [200], "model-only": [90]}))
    assert "| long-files: ahead of every other system | yes: 1.50 x the closest, faster-whisper |" in text
    assert "| long-files: at least 85 % of the model alone | yes: 90.0 % |" in text


@pytest.mark.parametrize(("longest", "said"), [(105, "yes: x 1.05"), (200, "no: x 2.00")])
def test_the_page_says_whether_memory_is_flat(longest: int, said: str) -> None:
    memory = [HostMemory("ours", 5.0, 100), HostMemory("ours", 60.0, longest)]
    assert f"| host memory flat in the length of the audio | {said} |" in page(report({"ours": [100]}, memory=memory))


def test_a_system_that_was_not_measured_is_named_with_the_reason() -> None:
    found = replace(report({"ours": [100]}), absent={"whisperx": "its environment is not there: make bench-peers"})
    assert "not measured: its environment is not there: make bench-peers" in page(found)


def test_the_picture_has_every_system(tmp_path: Path) -> None:
    found = report({"ours": [100], "faster-whisper": [80]}, memory=[HostMemory("ours", 5.0, 100)])
    draw(found, tmp_path / "picture.svg")
    picture = (tmp_path / "picture.svg").read_text()
    assert picture.count(">faster-whisper<") == 3  # in both loads, and in the legend
