"""Workers of one machine measure themselves one after the other."""

import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import pytest

from ingestion_worker.memory import turn as turns
from ingestion_worker.memory.turn import turn

HOLDER = """
import sys
from pathlib import Path
from threading import Event
from ingestion_worker.memory.turn import turn
with turn("GPU-1", Event(), Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_who_dies_gives_up_its_turn(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    entered = Event()

    def wait_for_turn() -> None:
        with turn("GPU-1", Event(), tmp_path):
            entered.set()

    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        waiting = Thread(target=wait_for_turn)
        waiting.start()
        assert not entered.wait(3 * turns.LOOK_SECONDS)
        holder.kill()
    assert entered.wait(10)
    waiting.join()


def test_each_device_has_turns_of_its_own(tmp_path: Path) -> None:
    with turn("GPU-1", Event(), tmp_path), turn("GPU-2", Event(), tmp_path):
        pass


def test_who_is_asked_to_stop_waits_no_longer(tmp_path: Path) -> None:
    stop = Event()
    stop.set()
    with turn("GPU-1", Event(), tmp_path), turn("GPU-1", stop, tmp_path):
        pass


def test_who_holds_it_for_too_long_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(turns, "LONGEST_SECONDS", 0.2)
    with turn("GPU-1", Event(), tmp_path), turn("GPU-1", Event(), tmp_path):
        assert "going on beside it" in caplog.text


def test_where_no_file_can_be_made_there_are_no_turns(tmp_path: Path) -> None:
    with turn("GPU-1", Event(), tmp_path / "missing"):
        pass
