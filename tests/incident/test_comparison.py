"""What is shown of three arms follows from what was seen of them."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from dev.demo.result import summarise
from dev.demo.run import Run
from dev.demo.timeline import DeviceReading, Observation
from dev.demo.verify import Verification
from dev.incident import table
from dev.incident.arms import Arm, Setting
from dev.incident.page import page
from dev.incident.plot import draw
from dev.incident.recorded import recorded
from ingestion_contract.status import IngestionRunStatus, VideoList, Videos

GIB = 2**30


def look(t: float, parallelism: int | None, used: int, succeeded: int, *, ended: bool = False) -> Observation:
    videos = Videos(total=20, succeeded=succeeded)
    return Observation(
        t=t,
        status=IngestionRunStatus(videos=videos, video_list=VideoList(count=20, shards=4, digest="d")),
        parallelism=parallelism,
        pods=0 if ended else parallelism or 0,
        work_ended=ended,
        device=DeviceReading(total=24 * GIB, used=used * GIB, peak=22 * GIB, refusals=3, busy_seconds=t / 2),
    )


def run(succeeded: int, *parallelism: int) -> Run:
    seen = [look(0.5, None, 0, 0)]
    seen += [look(10.0 * step, value, 6 * value, step) for step, value in enumerate(parallelism, start=1)]
    seen.append(look(100.0, parallelism[-1], 0, succeeded, ended=True))
    lost = [f"sample-{number:03d}: RuntimeError: CUDA out of memory" for number in range(19 - succeeded)]
    verification = Verification(
        succeeded=succeeded,
        skipped={},
        failed={"OutOfMemory": len(lost)} if lost else {},
        audio_seconds=50.0,
        word_error_percent=3.0,
        missing=lost,
        wrong=[],
    )
    return Run(seen, summarise(seen, verification, "output"))


RUNS = {Arm.INCIDENT: run(8, 4), Arm.FROZEN: run(19, 4), Arm.ADAPTIVE: run(19, 4, 2)}
RESULTS = {arm: one.result for arm, one in RUNS.items()}
SETTING = Setting(videos=20, gpu_gib=24, folder=Path("build/incident"), cpus=2, load_average=0.25)


def test_the_table_has_a_column_an_arm() -> None:
    console = Console(width=120)
    with console.capture() as printed:
        console.print(table.for_terminal(RESULTS))
    lines = {line.split("│")[1].strip(): line.split("│")[2:5] for line in printed.get().splitlines() if "│" in line}

    assert "simulated GPU" in printed.get()
    assert [cell.strip() for cell in lines["of them lost to memory"]] == ["11", "0", "0"]
    assert [cell.strip() for cell in lines["workers"]] == ["4", "4", "4 -> 2"]
    assert [cell.strip() for cell in lines["device busy"]] == ["50 s (50 %)"] * 3


def test_the_page_says_what_was_lost_and_that_the_device_is_simulated() -> None:
    text = page(RESULTS, SETTING)

    assert "| of them lost to memory | 11 | 0 | 0 |" in text
    assert "lost 11 of 20 videos to memory" in text
    assert "**simulated** GPU of 24 GiB" in text
    assert "incident.svg" in text


def test_the_picture_is_one_that_a_browser_reads(tmp_path: Path) -> None:
    draw(RUNS, tmp_path / "incident.svg")

    words = "".join(ElementTree.parse(tmp_path / "incident.svg").getroot().itertext())

    assert "simulated GPU" in words
    assert "8, 11 lost to memory" in words
    assert all(arm.value in words for arm in Arm)


def test_the_record_is_of_our_worker_alone_and_has_what_a_simulation_begins_with() -> None:
    found = recorded(RUNS, SETTING)

    assert (found["device"], found["cpus"], found["load_average"]) == ("simulated", 2, 0.25)
    frozen, adaptive = found["runs"]
    assert (frozen["arm"], frozen["levers"], adaptive["arm"], adaptive["levers"]) == (
        "frozen",
        "frozen",
        "adaptive",
        "adapt",
    )
    assert (adaptive["device_gib"], adaptive["videos"], adaptive["captioned"], adaptive["unavailable"]) == (
        24,
        20,
        5,
        1,
    )
    assert adaptive["spec"]["workers"]["parallelism"] == {"initial": 4, "min": 1, "max": 4}
    assert adaptive["spec"]["memory"]["targetPercent"] == 80
    assert adaptive["parallelism"] == [{"t": 10.0, "value": 4}, {"t": 20.0, "value": 2}]
    assert adaptive["audio_hours"] == pytest.approx(50 / 3600, abs=1e-4)
    assert adaptive["seconds"] == {
        "to_worker_job": 10.0,
        "to_device": 10.0,
        "to_first_video": 10.0,
        "to_last_work": 100.0,
        "to_completion": 100.0,
        "device_busy": 50.0,
    }
    columns = adaptive["series"]
    assert {len(column) for column in columns.values()} == {4}
    assert columns["device_memory_percent"] == [0.0, 100.0, 50.0, 0.0]
