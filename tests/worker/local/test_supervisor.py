"""The supervisor tells the law what it sees: workers' ends with what they got done, and what others hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ingestion_contract import layout
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.limits import LIMITS_KEY, Limits
from ingestion_contract.metrics import Result, WorkerState
from ingestion_contract.records import Outcome, Video
from ingestion_worker.device import Device, DeviceMemory
from ingestion_worker.device.none import NoDevice
from ingestion_worker.local import supervisor
from ingestion_worker.local.display import Quiet
from ingestion_worker.local.fleet import Seen
from ingestion_worker.local.interrupt import Interrupt, Interrupted
from ingestion_worker.local.metrics_page import Page
from ingestion_worker.local.progress import Meter
from ingestion_worker.local.supervisor import Supervisor
from ingestion_worker.local.tally import Tally
from ingestion_worker.output import video_list
from ingestion_worker.output.keys import video_key
from ingestion_worker.output.store import Store
from ingestion_worker.steps.ending import STOP_SECONDS
from tests.worker.support.runs import UID, run_of

GIB = 2**30
RUN = run_of(["http://unused"], memory={"targetPercent": 75})
VIDEOS = [Video(id=f"test:{number}", url=f"http://unused/{number}") for number in range(8)]


@dataclass
class SimulatedTime:
    """Time that only sleeping lets pass."""

    now: float = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class SimulatedMachine(NoDevice):
    """A device of 24 GiB, on which the worker holds 4, and others what they hold."""

    others: int = 0

    def memory(self) -> DeviceMemory:
        return DeviceMemory(total=24 * GIB, used=4 * GIB + self.others, own=0)


@dataclass
class SimulatedChild:
    """A worker that answers, and looks what it does next each time that it is asked whether it has ended."""

    shard: int
    arguments: Sequence[str]
    folder: Path
    on_line: Callable[[int, str], None]
    act: ClassVar[Callable[[], int | None]]
    released: bool = False
    worked: bool = True
    answers: bool = True
    asked_to_stop: bool = False
    killed: bool = False
    error: str = "it crashed"
    page: Page = field(default_factory=lambda: Page(state=WorkerState.WORKING, own=4 * GIB))

    @property
    def seen(self) -> Seen:
        return Seen(self.shard, WorkerState.WORKING, 0.0)

    def look(self) -> None:
        pass

    def end_code(self) -> int | None:
        return ExitCode.KILLED if self.killed else type(self).act()

    def stop(self) -> None:
        self.asked_to_stop = True

    def kill(self) -> None:
        self.killed = True


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"file://{tmp_path}/output")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimulatedTime:
    time = SimulatedTime()
    monkeypatch.setattr(supervisor, "time", time)
    monkeypatch.setattr(supervisor, "Child", SimulatedChild)
    return time


def supervise(store: Store, device: Device, folder: Path, interrupt: Interrupt | None = None) -> Supervisor:
    listed = video_list.write_once(store, UID, VIDEOS, [range(len(VIDEOS))])
    meter = Meter("talks", device.name, True, 75, len(VIDEOS), None, 0.0, Tally())
    return Supervisor(RUN, store, listed, [], 1, device, meter, Quiet(), interrupt or Interrupt(), folder)


def record(store: Store, video: Video) -> None:
    key = video_key(video, RUN.spec)
    outcome = Outcome(video_id=video.id, result=Result.SUCCEEDED, video_key=key, recorded_at=datetime.now(UTC))
    store.write_record(layout.outcome(UID, key), outcome)


@pytest.mark.parametrize(("progress", "starts"), [(True, len(VIDEOS)), (False, 3)])
def test_a_shard_is_given_up_only_where_nothing_gets_done(
    store: Store, clock: SimulatedTime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, progress: bool, starts: int
) -> None:
    left, ends = list(VIDEOS), []

    def crash() -> int:
        if progress:
            record(store, left.pop())
        ends.append(137)
        return ExitCode.DONE if not left else ExitCode.KILLED

    monkeypatch.setattr(SimulatedChild, "act", staticmethod(crash), raising=False)
    supervise(store, SimulatedMachine(), tmp_path).work()
    assert len(ends) == starts


def test_a_budget_shrinks_when_others_take_memory_and_grows_when_they_give_it_back(
    store: Store, clock: SimulatedTime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine, budgets = SimulatedMachine(), []

    def work() -> int | None:
        limits = Limits.model_validate_json((tmp_path / LIMITS_KEY).read_text(), by_alias=True, by_name=False)
        budgets.append(round((limits.budget_bytes or 0) / GIB))
        machine.others = 6 * GIB if 20 < clock.now < 60 else 0
        return None if clock.now < 100 else ExitCode.DONE

    monkeypatch.setattr(SimulatedChild, "act", staticmethod(work), raising=False)
    supervise(store, machine, tmp_path).work()
    assert [budgets[at] for at in (20, 100, 190)] == [18, 12, 18]


@pytest.mark.parametrize(("signals", "killed_after"), [([5.0], STOP_SECONDS), ([5.0, 8.0], 3.0)])
def test_a_signal_lets_workers_commit_for_a_while_and_a_second_one_kills_them(
    store: Store,
    clock: SimulatedTime,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    signals: list[float],
    killed_after: float,
) -> None:
    interrupt = Interrupt()
    children: list[SimulatedChild] = []

    def begin(*arguments: Any) -> SimulatedChild:
        children.append(SimulatedChild(*arguments))
        return children[0]

    def hang() -> None:
        interrupt.times = sum(at <= clock.now for at in signals)

    monkeypatch.setattr(supervisor, "Child", begin)
    monkeypatch.setattr(SimulatedChild, "act", staticmethod(hang), raising=False)
    with pytest.raises(Interrupted):
        supervise(store, SimulatedMachine(), tmp_path, interrupt).work()
    [child] = children
    assert (child.asked_to_stop, child.killed) == (True, True)
    assert killed_after <= clock.now - signals[0] <= killed_after + 7
