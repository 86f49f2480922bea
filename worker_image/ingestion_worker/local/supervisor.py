"""Runs the workers of a local run: looks at them, lets `fleet` decide, and does it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.limits import LIMITS_KEY, Limits
from ingestion_contract.spec import IngestionRun
from ingestion_worker.device import Device
from ingestion_worker.local import fleet as law
from ingestion_worker.local.child import Child
from ingestion_worker.local.display import Display
from ingestion_worker.local.fleet import Fleet, Then
from ingestion_worker.local.interrupt import Interrupt
from ingestion_worker.local.progress import Meter
from ingestion_worker.local.room import Room
from ingestion_worker.local.tally import Tally, recorded
from ingestion_worker.output.store import Store
from ingestion_worker.output.video_list import VideoList
from ingestion_worker.steps.ending import STOP_SECONDS

TICK_SECONDS = 0.5

_WHY: dict[int, str] = {
    ExitCode.UNUSABLE_NODE: "this machine's GPU, driver or libraries do not serve; `ingest doctor` tells which",
    ExitCode.SOURCE_BLOCKED: "the source blocks this address; try again in some hours, or with spec.source's "
    "videosPerHour lower, or cookies",
    ExitCode.MEMORY_EXHAUSTED: "not even one worker finds room in the device's memory; see who else holds it, or take "
    "smaller models",
}


@dataclass(frozen=True)
class WorkEnd:
    """How the work ended: 0 where every shard was done or given up, else the workers' exit code, and why."""

    code: int
    sentence: str = ""


class Supervisor:
    """Works on the shards of a list with child processes.

    Args:
        arguments: of `ingest work`, the same for all.
        workers: at the most.
        device: what the workers share.
        folder: for files between the processes.
    """

    def __init__(
        self,
        run: IngestionRun,
        store: Store,
        listed: VideoList,
        arguments: Sequence[str],
        workers: int,
        device: Device,
        meter: Meter,
        display: Display,
        interrupt: Interrupt,
        folder: Path,
    ) -> None:
        self._run = run
        self._store = store
        self._listed = listed
        self._arguments = [*arguments, "--limits", str(folder / LIMITS_KEY)]
        self._device = device
        memory = device.memory()
        self._room = None if memory is None else Room(memory.total, run.spec.memory.target_percent)
        self._meter = meter
        self._display = display
        self._interrupt = interrupt
        self._folder = folder
        self._fleet = Fleet(allowed=workers, queue=tuple(range(len(listed.shards))))
        self._limits = Limits()
        self._bases = [self._recorded(shard) for shard in range(len(listed.shards))]
        self._children: list[Child] = []
        self._started = 0
        self._end: WorkEnd | None = None

    def work(self) -> WorkEnd:
        """Return when nothing is left to do, or nothing can be done.

        Raises:
            Interrupted: a signal asked for it; all workers have ended.
            OutputUnavailable: the storage refuses.
        """
        try:
            while self._children or (self._fleet.queue and self._end is None):
                self._turn()
                time.sleep(TICK_SECONDS)
        finally:
            self._stop_all()
        return self._end or WorkEnd(ExitCode.DONE)

    def _turn(self) -> None:
        if self._interrupt.asked:
            raise self._interrupt.error
        self._reap()
        for child in self._children:
            child.look()
        self._look_at_room()
        if self._end is None:
            self._adapt()
            self._start()
        self._show()

    def _look_at_room(self) -> None:
        """What a worker holds that does not answer cannot be told from what others hold."""
        memory = self._device.memory()
        if self._room is not None and memory is not None and all(child.answers for child in self._children):
            self._room.look(memory, sum(child.page.own for child in self._children), time.monotonic())

    @property
    def _room_left(self) -> int | None:
        return None if self._room is None else self._room.left

    def _adapt(self) -> None:
        seen = [child.seen for child in self._children]
        before = self._fleet
        self._fleet = law.measured(before, seen, self._room_left)
        if self._fleet.allowed < before.allowed:
            self._display.event(
                f"{self._fleet.allowed} of {before.allowed} workers fit: each needs "
                f"{self._fleet.floor / 2**30:.1f} GiB at the least"
            )
        staying = [child for child in self._children if not child.released]
        released = law.to_release(self._fleet, [child.seen for child in staying], time.monotonic())
        if released is not None:
            self._fleet = law.after_release(self._fleet, len(staying), time.monotonic())
            child = next(child for child in staying if child.shard == released.shard)
            child.released = True
            child.stop()
            self._display.event(f"worker {child.shard} is released for want of memory; its videos wait for the others")

    def _start(self) -> None:
        for shard in law.to_start(self._fleet, [child.seen for child in self._children]):
            self._fleet = law.without(self._fleet, shard)
            self._children.append(self._begin(shard))
        self._write_limits()

    def _begin(self, shard: int) -> Child:
        self._write_limits(more=1)
        self._started += 1
        folder = self._folder / f"worker-{self._started}"
        folder.mkdir()
        return Child(shard, self._arguments, folder, self._display.log)

    def _reap(self) -> None:
        for child in list(self._children):
            code = child.end_code()
            if code is not None:
                self._children.remove(child)
                self._ended(child, code)

    def _ended(self, child: Child, code: int) -> None:
        self._meter.ended(child.page)
        before, after = self._bases[child.shard], self._recorded(child.shard)
        self._bases[child.shard] = after
        self._fleet, then = law.after_end(
            self._fleet,
            child.shard,
            code,
            others=len(self._children),
            released=child.released,
            worked=child.worked,
            progressed=after.done > before.done,
        )
        match then:
            case Then.END:
                self._end_with(child, code)
            case Then.ONE_LESS:
                self._display.event(f"worker {child.shard} found no room in memory: one worker less from now on")
            case Then.AGAIN if not child.released:
                self._display.event(f"worker {child.shard} ended with {code}, and is started again: {child.error}")
            case Then.GIVE_UP:
                self._display.event(
                    f"worker {child.shard} ended with {code}, {law.MOST_ATTEMPTS} times in a row without a "
                    f"video done, and is given up: {child.error}"
                )
            case _:
                pass

    def _end_with(self, child: Child, code: int) -> None:
        """The others commit what they have."""
        self._end = WorkEnd(code, _WHY.get(code) or child.error)
        for other in self._children:
            other.stop()

    def _write_limits(self, more: int = 0) -> None:
        wanted = law.limits(
            self._fleet,
            self._limits,
            len(self._children) + more,
            self._room_left,
            self._run.spec.source.videos_per_hour,
        )
        if wanted != self._limits:
            self._limits = wanted
            partial = self._folder / f"{LIMITS_KEY}.partial"
            partial.write_text(wanted.model_dump_json(by_alias=True, exclude_none=True))
            partial.replace(self._folder / LIMITS_KEY)

    def _show(self) -> None:
        base = sum(self._bases, Tally())
        self._display.progress(self._meter.progress(base, [child.page for child in self._children], time.monotonic()))

    def _recorded(self, shard: int) -> Tally:
        videos = [self._listed.videos[at] for at in self._listed.shards[shard]]
        return self._interrupt.run(lambda: recorded(self._run, self._store, videos))

    def _stop_all(self) -> None:
        """Let the workers commit what they have; kill them when they take too long, or at a second signal."""
        for child in self._children:
            child.stop()
        asked = self._interrupt.times
        deadline = time.monotonic() + STOP_SECONDS + 5
        while any(child.end_code() is None for child in self._children):
            if self._interrupt.times > max(1, asked) or time.monotonic() > deadline:
                for child in self._children:
                    child.kill()
            time.sleep(TICK_SECONDS / 5)
        self._children.clear()
