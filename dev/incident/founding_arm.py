"""The arm `incident`: runs the founding program, and looks at its output and at the simulated GPU."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.cluster.processes import tail
from dev.demo.options import ROOT
from dev.demo.result import summarise
from dev.demo.run import Run, shown
from dev.demo.stage import ASR_MODEL, EMBEDDER
from dev.demo.timeline import Observation
from dev.demo.watch import LOOK_EVERY_SECONDS, read_device
from dev.incident.arms import WORKERS, Arm, Say, Setting
from dev.incident.founding.records import Output
from dev.incident.verify import verify
from dev.sample_media.sentences import expected
from dev.sample_media.server import SampleServer
from ingestion_contract.status import IngestionRunStatus, Videos
from ingestion_worker.device import simulated

_LIMIT_SECONDS = 1800.0
_PROGRESS_STEP = 10
"""Percent of the videos between two lines of progress."""


def play(setting: Setting, say: Say) -> Run:
    """Run the founding program over the sample, and return what was seen and what came out.

    Raises:
        RuntimeError: the program itself failed.
        TimeoutError: it did not end within half an hour.
    """
    folder = setting.folder / Arm.INCIDENT
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    simulated.create(folder / "gpu", int(setting.gpu_gib * 2**30))
    output = Output(folder / "output")
    with SampleServer(setting.videos) as media, _started(folder, media.feed_url) as program:
        observations = _watch(program, folder, setting.videos, say)
    if program.returncode:
        log = folder / "program.log"
        raise RuntimeError(f"the founding program ended with {program.returncode}; the end of {log}:\n{tail(log)}")
    verification = verify(output, expected(setting.videos))
    return Run(observations, summarise(observations, verification, shown(folder / "output")))


@contextmanager
def _started(folder: Path, feed: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the program, which does not outlive this process; its words are in `program.log`."""
    command = [
        *("setpriv", "--pdeathsig", "KILL", "--", sys.executable, "-m", "dev.incident.founding"),
        *("--feed", feed, "--gpu", str(folder / "gpu"), "--output", str(folder / "output")),
        *("--asr", str(ASR_MODEL), "--embedder", str(EMBEDDER), "--workers", str(WORKERS)),
    ]
    with (folder / "program.log").open("wb") as log:
        program = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield program
    finally:
        program.kill()
        program.wait()


def _watch(program: subprocess.Popen[bytes], folder: Path, videos: int, say: Say) -> list[Observation]:
    output = Output(folder / "output")
    started = time.monotonic()
    seen: list[Observation] = []
    while not seen or not seen[-1].work_ended:
        ended = program.poll() is not None
        now = _look(output, folder / "gpu", videos, time.monotonic() - started, ended)
        if not seen or _step(now) > _step(seen[-1]):
            say(_line(now))
        seen.append(now)
        if now.t > _LIMIT_SECONDS:
            raise TimeoutError(f"the founding program did not end within {_LIMIT_SECONDS / 60:g} minutes")
        if not ended:
            time.sleep(LOOK_EVERY_SECONDS)
    return seen


def _look(output: Output, gpu: Path, videos: int, t: float, ended: bool) -> Observation:
    succeeded, failed = output.counts()
    return Observation(
        t=t,
        status=IngestionRunStatus(videos=Videos(total=videos, succeeded=succeeded, failed=failed)),
        parallelism=WORKERS,
        pods=0 if ended else WORKERS,
        work_ended=ended,
        device=read_device(gpu),
    )


def _step(seen: Observation) -> int:
    videos = seen.status.videos
    return 100 * (videos.succeeded + videos.failed) // videos.total // _PROGRESS_STEP


def _line(now: Observation) -> str:
    videos = now.status.videos
    return (
        f"{now.t:5.0f} s  {videos.succeeded + videos.failed}/{videos.total} videos, {videos.failed} of them failed, "
        f"{now.device.used_percent:.1f} % of the simulated memory, out of memory {now.device.refusals} times"
    )
