"""Ctrl-C is heard wherever a run is, though the storage does not answer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem

from ingestion_contract.records import Video
from ingestion_worker.local.display import Quiet
from ingestion_worker.local.identity import with_uid
from ingestion_worker.local.interrupt import Interrupt, Interrupted
from ingestion_worker.local.request import Request
from ingestion_worker.local.run import Here, LocalRun
from ingestion_worker.output import video_list
from ingestion_worker.output.store import Store
from ingestion_worker.source.addresses import AddressRules
from tests.worker.support.runs import PATIENCE_SECONDS, run_of

STALL_SECONDS = 20.0


class StallingStorage(LocalFileSystem):  # type: ignore[misc]
    """A disk that does not answer for what has `where` in its path: then Ctrl-C is pressed."""

    protocol = "stalling"
    where = ""
    over = Event()

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "auto_mkdir": True})

    def cat_ranges(self, paths: list[str], *arguments: Any, **options: Any) -> list[Any]:
        if self.where and any(self.where in path for path in paths):
            os.kill(os.getpid(), signal.SIGINT)
            self.over.wait(STALL_SECONDS)
        found: list[Any] = super().cat_ranges(paths, *arguments, **options)
        return found


@pytest.fixture
def interrupt() -> Iterator[Interrupt]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    heard = Interrupt()
    heard.listen()
    yield heard
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    fsspec.register_implementation("stalling", StallingStorage, clobber=True)
    monkeypatch.setattr(StallingStorage, "over", Event())
    yield f"stalling://{tmp_path}"
    StallingStorage.over.set()


def local_run(output: str, interrupt: Interrupt) -> LocalRun:
    run = run_of(["http://unused"], output={"index": {"type": "None"}})
    here = Here(workers=1, rules=AddressRules(), cookies=None, verbose=False)
    store = Store(output)
    video_list.write_once(store, with_uid(run, store).metadata.uid, [Video(id="a", url="http://unused/a")], [[0]])
    return LocalRun(Request(run, output), here, interrupt)


@pytest.mark.parametrize("where", ["result.json", "videos.jsonl", "outcomes"])
def test_storage_that_does_not_answer_does_not_hold_up_an_interrupt(
    output: str, interrupt: Interrupt, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    local = local_run(output, interrupt)
    monkeypatch.setattr(StallingStorage, "where", where)
    with pytest.raises(Interrupted):
        local.complete(Quiet())
    assert not StallingStorage.over.is_set()


def test_what_is_there_is_counted_after_an_interrupt_unless_another_one_comes(
    output: str, interrupt: Interrupt, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = local_run(output, interrupt)
    monkeypatch.setattr(StallingStorage, "where", "outcomes")
    with pytest.raises(Interrupted):
        local.complete(Quiet())
    with pytest.raises(Interrupted):
        local.tally()
    monkeypatch.setattr(StallingStorage, "where", "")
    assert local.tally()[1] == 1


def test_a_signal_between_two_steps_is_not_lost(interrupt: Interrupt) -> None:
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(Interrupted) as caught:
        interrupt.run(lambda: None)
    assert caught.value.exit_code == 143
    interrupt.heed()
    assert interrupt.run(lambda: "done") == "done"


DEAF = """
import time
from ingestion_worker.local.interrupt import Interrupt

interrupt = Interrupt()
interrupt.listen()
while True:
    print(interrupt.times, flush=True)
    time.sleep(0.02)
"""


def test_the_third_signal_ends_the_process_whatever_it_does() -> None:
    with subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for times in ("0", "1", "2"):
            next(line for line in process.stdout if line.strip() == times)
            process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.wait(PATIENCE_SECONDS) == 130
