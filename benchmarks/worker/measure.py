"""Runs a job in a fresh process and watches the memory of all its processes."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from types import TracebackType
from typing import Self

import psutil

from benchmarks.worker.job import Answer, Job

REPOSITORY = Path(__file__).parents[2]
SAMPLE_SECONDS = 0.25
LIMIT_SECONDS = 3600.0


class SystemFailed(RuntimeError):
    """A system did not do its job; the message ends with what it said."""


@dataclass(frozen=True)
class Measurement:
    """What came of a job, and the most host memory that its processes held together, in bytes."""

    answer: Answer
    peak_host_bytes: int


def measure(python: Path, job: Job) -> Measurement:
    """Run a job.

    Raises:
        SystemFailed: the process ended with an error, or not within an hour.
    """
    with TemporaryDirectory(dir=job.scratch) as folder:
        task, answer, log = (Path(folder) / name for name in ("job.json", "answer.json", "log"))
        replace(job, scratch=folder, started=time.monotonic()).write(task)
        command = [str(python), "-m", "benchmarks.worker.child", str(task), str(answer)]
        with (
            log.open("wb") as out,
            subprocess.Popen(command, env=_environment(job.threads), cwd=REPOSITORY, stdout=out, stderr=out) as process,
            PeakMemory(process.pid) as memory,
        ):
            code = _end(process)
        if code != 0:
            raise SystemFailed(f"{job.system} ended with {code}: {log.read_text(errors='replace')[-2000:]}")
        return Measurement(Answer.read(answer), memory.peak)


def _end(process: subprocess.Popen[bytes]) -> int | str:
    try:
        return process.wait(LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        for each in psutil.Process(process.pid).children(recursive=True):
            each.kill()
        process.kill()
        return f"no answer within {LIMIT_SECONDS:.0f} s"


def _environment(threads: int) -> dict[str, str]:
    paths = [str(REPOSITORY), *(str(REPOSITORY / name) for name in ("contract", "worker_image"))]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "OMP_NUM_THREADS": str(threads),
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }


class PeakMemory:
    """Watches a process and its descendants while it is used as a context.

    A page that several of them share counts once (the proportional set size); without that, four processes would be
    charged four times for the same libraries.
    """

    def __init__(self, pid: int) -> None:
        self.peak = 0
        self._root = psutil.Process(pid)
        self._done = Event()
        self._thread = Thread(target=self._watch, name="peak-memory", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.is_set():
            self.peak = max(self.peak, self._now())
            self._done.wait(SAMPLE_SECONDS)

    def _now(self) -> int:
        try:
            processes = [self._root, *self._root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return 0
        return sum(map(_held, processes))


def _held(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return 0  # it has ended
