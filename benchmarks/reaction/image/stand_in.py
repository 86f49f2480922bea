#!/usr/bin/env python3
"""A stand-in for the worker whose memory runs out at a told moment: the same commands, metrics, readiness and exits as
the worker's, but no work and no libraries.

The query of the run's first URL tells what it does, sizes in GiB:

- `shards`: how many shards discovery finds.
- `device`: size of the device that the workers of the run share.
- `before`, `after`: what each worker needs before and after the moment that the file `moment` in the output names, in
  seconds since 1970.
- `kind`: what a worker does for which there is no room then: `waits` gives its memory back, turns not ready and waits;
  `exits` ends with exit code 85.

The device is a ledger in the output: who holds how much. Each change of it is a line of `events.jsonl`.
"""

import fcntl
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn

from dev import stand_in

GIB = 2**30
CONTEXT = 0.4
SHARD_VIDEOS = 1000
VIDEO_SECONDS = 20
LOOK_SECONDS = 0.2
RETRY_SECONDS = 1.0


class Device:
    """What the workers of a run hold of the device that they share, in GiB."""

    def __init__(self, folder: Path, total: float) -> None:
        self._folder = folder
        self._total = total
        self._me = os.environ["POD_IP"]

    def hold(self, gib: float, otherwise: str, kept: float) -> bool:
        """Hold so much from now on if there is room for it; if not, keep no more than `kept`, which is noted so."""
        with self._ledger() as held:
            present = held.pop(self._me, 0.0)
            fits = sum(held.values()) + gib <= self._total
            held[self._me] = gib if fits else kept
            if held[self._me] != present:
                self._note("holds" if fits else otherwise, held)
            return fits

    def leave(self) -> None:
        """Hold nothing more."""
        with self._ledger() as held:
            if held.pop(self._me, 0.0):
                self._note("ends", held)

    def used(self) -> float:
        """Return what all hold."""
        with self._locked() as file:
            return sum(_read(file).values())

    @contextmanager
    def _ledger(self) -> Iterator[dict[str, float]]:
        """Change who holds how much; only the main thread does, so that the process cannot end meanwhile."""
        with self._locked() as file:
            held = _read(file)
            yield held
            file.truncate(0)
            file.write(json.dumps(held))

    @contextmanager
    def _locked(self) -> Iterator[TextIOWrapper]:
        with (self._folder / "ledger").open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            yield file

    def _note(self, event: str, held: dict[str, float]) -> None:
        line = {"at": time.time(), "worker": self._me, "event": event, "used": sum(held.values())}
        with (self._folder / "events.jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")


def _read(ledger: TextIOWrapper) -> dict[str, float]:
    held: dict[str, float] = json.loads(ledger.read() or "{}")
    return held


class Worker:
    """One worker of a run: what it holds, and what it says of itself."""

    def __init__(self, plan: dict[str, str], output: Path) -> None:
        self.plan = plan
        self.state = "starting"
        self.device = Device(output, float(plan["device"]))
        self.held = 0.0
        self.ooms = 0
        self._moment_file = output / "moment"
        self._started = time.time()
        self._try_at = 0.0

    def step(self) -> float:
        """Hold what is needed now, or do without; return the seconds until it is to be looked at again."""
        now, moment = time.time(), self._moment()
        need = float(self.plan["before" if now < moment else "after"])
        if self.held < need and now >= self._try_at:
            self._take(need)
        return min(LOOK_SECONDS, moment - now) if now < moment else LOOK_SECONDS

    def _moment(self) -> float:
        return float(self._moment_file.read_text()) if self._moment_file.exists() else float("inf")

    def _take(self, need: float) -> None:
        exits = self.plan["kind"] == "exits"
        if self.device.hold(need, otherwise=self.plan["kind"], kept=0.0 if exits else CONTEXT):
            self.held, self.state = need, "working"
            return
        self.ooms += self.state != "waiting_for_memory"
        if exits:
            report = {"gpuUuid": "GPU-stand-in", "stage": "asr", "ownBytes": int(self.held * GIB)}
            report |= {"totalBytes": int(float(self.plan["device"]) * GIB), "usedBytes": int(self.device.used() * GIB)}
            self.end(85, {"memory": {**report, "floorBytes": int(need * GIB)}})
        self.held, self.state = CONTEXT, "waiting_for_memory"
        self._try_at = time.time() + RETRY_SECONDS

    def page(self) -> str:
        """Return the metrics page."""
        floor = int(self.held * GIB) if self.state == "working" else 0
        done, gpu = self.done(), '{gpu_uuid="GPU-stand-in"}'
        lines = [
            f'ingestion_worker_state{{state="{self.state}"}} 1',
            f"ingestion_device_memory_total_bytes{gpu} {int(float(self.plan['device']) * GIB)}",
            f"ingestion_device_memory_used_bytes{gpu} {int(self.device.used() * GIB)}",
            f"ingestion_memory_floor_bytes {floor}",
            f"ingestion_memory_own_bytes {int(self.held * GIB)}",
            f"ingestion_gpu_utilisation_ratio{gpu} 0.6",
            f'ingestion_oom_events_total{{stage="asr",kind="batch"}} {self.ooms}',
            f'ingestion_videos_total{{result="succeeded",reason=""}} {done}',
            f"ingestion_audio_seconds_total {60 * done}",
            f"ingestion_limits_revision {stand_in.limits_revision()}",
        ]
        return "\n".join(lines) + "\n"

    def done(self) -> int:
        """Return how many videos it would have done by now."""
        return int((time.time() - self._started) / VIDEO_SECONDS)

    def end(self, code: int, more: dict[str, Any]) -> NoReturn:
        """Give everything back, and end."""
        self.device.leave()
        counts = {"total": SHARD_VIDEOS, "succeeded": self.done(), "failed": 0, "skipped": 0}
        summary = {"version": 1, "kind": "shard", "shard": stand_in.shard(), "oomEvents": self.ooms}
        stand_in.end(code, {**summary, **counts, **more})


def main() -> None:
    """Do what the command line says."""
    step, output = stand_in.command_line()
    plan = stand_in.plan()
    if step == "discover":
        shards = int(plan["shards"])
        found = {"count": shards * SHARD_VIDEOS, "shards": shards, "digest": "0" * 64}
        stand_in.end(0, {"version": 1, "kind": "discover", **found})
    asked_to_stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked_to_stop.set())
    worker = Worker(plan, output)
    stand_in.serve(worker)
    while not asked_to_stop.wait(worker.step()):
        pass
    worker.end(143, {})


main()
