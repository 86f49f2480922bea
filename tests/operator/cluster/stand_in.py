#!/usr/bin/env python3
"""A stand-in for the worker: the same commands, metrics, readiness, exits and summaries, but no work and no libraries.

What it is to do stands in the query of the run's first URL:

- `shards`, `videos`: how many shards discovery finds, and how many videos each has.
- `seconds`: how long each video takes.
- `room`: how many workers fit on the stand-in device at once (locks in the output). The others turn not ready.
- `gib`, `floor`: size of the stand-in device, and what a worker measures that it needs.
- `discover`: `fail` lets discovery fail, `empty` lets it find nothing.
- `exit`, `index`: the exit code with which the first attempt at that shard ends.
"""

import fcntl
import signal
import time
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from dev import stand_in

GIB = 2**30


class Plan:
    def __init__(self, query: dict[str, str]) -> None:
        self._query = query

    def number(self, name: str, default: float) -> float:
        return float(self._query.get(name, default))

    def word(self, name: str) -> str:
        return self._query.get(name, "")


class Worker:
    def __init__(self, plan: Plan, output: Path, shard: int) -> None:
        self.plan = plan
        self.output = output
        self.shard = shard
        self.state = "starting"
        self.done = 0
        self.ooms = 0
        self.lock: TextIOWrapper | None = None

    def page(self) -> str:
        total = int(self.plan.number("gib", 24) * GIB)
        floor = int(self.plan.number("floor", 8.6) * GIB) if self.state == "working" else 0
        lines = [f'ingestion_worker_state{{state="{self.state}"}} 1']
        lines += [
            f'ingestion_device_memory_total_bytes{{gpu_uuid="GPU-stand-in"}} {total}',
            f'ingestion_device_memory_used_bytes{{gpu_uuid="GPU-stand-in"}} {int(0.7 * total)}',
            f"ingestion_memory_floor_bytes {floor}",
            f"ingestion_memory_own_bytes {floor}",
            f'ingestion_oom_events_total{{stage="embed",kind="load"}} {self.ooms}',
            f'ingestion_videos_total{{result="succeeded",reason=""}} {self.done}',
            f"ingestion_audio_seconds_total {60 * self.done}",
            f"ingestion_limits_revision {stand_in.limits_revision()}",
        ]
        return "\n".join(lines) + "\n"

    def take_room(self) -> None:
        slots = self.output / "slots"
        slots.mkdir(exist_ok=True)
        while True:
            for slot in range(int(self.plan.number("room", 1000))):
                handle = (slots / str(slot)).open("w")
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    handle.close()
                    continue
                self.lock = handle
                return
            self.ooms += self.state != "waiting_for_memory"
            self.state = "waiting_for_memory"
            time.sleep(0.2)

    def work(self) -> None:
        self.take_room()
        self.state = "working"
        self.fail_once()
        videos = int(self.plan.number("videos", 2))
        for video in range(videos):
            record = self.output / "done" / f"{self.shard}-{video}"
            if not record.exists():
                time.sleep(self.plan.number("seconds", 0.1))
                with (self.output / "log").open("a") as log:
                    log.write(f"{self.shard}-{video}\n")
                record.touch()
            self.done += 1

    def fail_once(self) -> None:
        code, marker = int(self.plan.number("exit", 0)), self.output / f"failed-{self.shard}"
        if code and self.shard == int(self.plan.number("index", 0)) and not marker.exists():
            marker.touch()
            stand_in.end(code, self.summary())

    def summary(self) -> dict[str, Any]:
        videos = int(self.plan.number("videos", 2))
        counts = {"total": videos, "succeeded": self.done, "failed": 0, "skipped": 0}
        return {"version": 1, "kind": "shard", "shard": self.shard, "oomEvents": self.ooms, **counts}


def main() -> None:
    step, output = stand_in.command_line()
    (output / "done").mkdir(exist_ok=True)
    plan = Plan(stand_in.plan())
    shards, videos = int(plan.number("shards", 2)), int(plan.number("videos", 2))
    if step == "discover":
        if plan.word("discover") == "fail":
            stand_in.end(
                64, {"version": 1, "kind": "error", "reason": "SourceGone", "detail": "the playlist does not exist"}
            )
        count = 0 if plan.word("discover") == "empty" else shards * videos
        stand_in.end(0, {"version": 1, "kind": "discover", "count": count, "shards": shards, "digest": "0" * 64})
    if step == "finish":
        there = len(list((output / "done").iterdir()))
        missing = shards * videos - there
        counts = {"total": shards * videos, "succeeded": there, "failed": missing, "skipped": 0}
        reasons = {"NotProcessed": missing} if missing else {}
        stand_in.end(0, {"version": 1, "kind": "finish", **counts, "reasons": reasons, "audioSeconds": 60 * there})
    worker = Worker(plan, output, stand_in.shard())
    signal.signal(signal.SIGTERM, lambda *_: stand_in.end(143, worker.summary()))
    stand_in.serve(worker)
    worker.work()
    stand_in.end(0, worker.summary())


main()
