"""Runs, and the worker's steps as processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from ingestion_contract import layout, pod
from ingestion_contract.records import Outcome, TranscriptManifest, VideoManifest
from ingestion_contract.spec import IngestionRun, parse_run
from ingestion_contract.summary import Summary, decode_summary

REPOSITORY = Path(__file__).parents[3]
STAND_IN = (sys.executable, "-m", "tests.worker.support.ingest")
REAL = (sys.executable, "-m", "ingestion_worker.cli")
PATIENCE_SECONDS = 120.0
UID = "run-uid-1"


def manifest(urls: list[str], **spec: Any) -> dict[str, Any]:
    """A run over URLs; `spec` is merged over the defaults, one level deep."""
    base: dict[str, Any] = {
        "source": {"urls": urls},
        "output": {"uri": "memory://unused"},
        "transcription": {"computeType": "int8", "models": [{"languages": ["*"], "model": "stand-in"}]},
        "embedding": {"model": "stand-in", "computeType": "float32", "maxSequenceLength": 128, "chunkTokens": 64},
    }
    merged = {key: {**base.get(key, {}), **spec.get(key, {})} for key in {*base, *spec}}
    return {"metadata": {"name": "test", "uid": UID}, "spec": merged}


def run_of(urls: list[str], **spec: Any) -> IngestionRun:
    """The same, parsed."""
    return parse_run(manifest(urls, **spec))


@dataclass(frozen=True)
class Workspace:
    """A folder with a run, its output, a simulated GPU and limits."""

    root: Path
    command: tuple[str, ...] = STAND_IN

    @property
    def output(self) -> Path:
        return self.root / "output"

    @property
    def gpu(self) -> Path:
        return self.root / "gpu"

    def write_run(self, urls: list[str], **spec: Any) -> None:
        (self.root / "run.json").write_text(json.dumps(manifest(urls, **spec)))

    def write_limits(self, **limits: int) -> None:
        (self.root / "limits.json").write_text(json.dumps(limits))

    def arguments(self, step: str, *more: str, message: str = "message") -> list[str]:
        (self.root / message).touch()
        files = ("--run", f"{self.root}/run.json", "--termination-message", f"{self.root}/{message}")
        return [*self.command, step, "--output", f"file://{self.output}", *files, *more]

    def environment(self, **more: str) -> dict[str, str]:
        gpu = {"SIMULATED_GPU": str(self.gpu)} if self.gpu.exists() else {}
        return {**os.environ, "PYTHONPATH": str(REPOSITORY), pod.ALLOW_NETWORKS: "127.0.0.0/8", **gpu, **more}

    def finish(self, step: str, *more: str, **environment: str) -> tuple[int, Summary | None]:
        """Run a step to its end; its exit code and its summary."""
        done = subprocess.run(
            self.arguments(step, *more),
            env=self.environment(**environment),
            cwd=REPOSITORY,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        return done.returncode, self.summary()

    def summary(self, message: str = "message") -> Summary | None:
        return decode_summary((self.root / message).read_text())

    @contextmanager
    def worker(self, shard: int, *more: str, address: str = "127.0.0.1", **environment: str) -> Iterator[Worker]:
        """A worker of a shard as a process, killed at the end."""
        message = f"message-{shard}"
        log = (self.root / f"log-{shard}").open("a")
        limits = ("--limits", f"{self.root}/limits.json", "--address", address)
        arguments = self.arguments("work", "--shard", str(shard), *limits, *more, message=message)
        with (
            log,
            subprocess.Popen(arguments, env=self.environment(**environment), cwd=REPOSITORY, stderr=log) as process,
        ):
            try:
                yield Worker(process, address, self.root / f"log-{shard}", self.root / message)
            finally:
                process.kill()

    def manifests(self) -> dict[str, VideoManifest]:
        """The manifests in the output, by video id; two of one video are an error."""
        found: dict[str, VideoManifest] = {}
        for path in self.output.glob("videos/*/manifest.json"):
            one = _whole(path)
            if one is None:
                continue
            assert one.video.id not in found, f"{one.video.id} is there twice"
            found[one.video.id] = one
        return found

    def transcript(self, manifest: VideoManifest) -> TranscriptManifest:
        """The manifest of a video's transcript."""
        path = self.output / layout.transcript_manifest(manifest.transcript_key)
        return TranscriptManifest.from_wire(json.loads(path.read_text()))

    def outcomes(self) -> dict[str, Outcome]:
        """The recorded outcomes, by video id."""
        paths = self.output.glob("_runs/*/outcomes/*.json")
        found = [Outcome.from_wire(json.loads(path.read_text())) for path in paths]
        assert len({outcome.video_id for outcome in found}) == len(found)
        return {outcome.video_id: outcome for outcome in found}


def _whole(path: Path) -> VideoManifest | None:
    """A manifest; None for one that was cut off while it was written, which counts as not there."""
    try:
        return VideoManifest.from_wire(json.loads(path.read_text()))
    except ValueError:
        return None


@dataclass(frozen=True)
class Worker:
    """A worker that runs."""

    process: subprocess.Popen[bytes]
    address: str
    log: Path
    message: Path

    def ready(self) -> tuple[int, str]:
        """Status and body of /ready; (0, "") while nobody listens."""
        try:
            with urlopen(f"http://{self.address}:9090/ready", timeout=5) as answer:
                return answer.status, answer.read().decode().strip()
        except HTTPError as error:
            return error.code, error.read().decode().strip()
        except (OSError, HTTPException):
            return 0, ""

    def metrics(self) -> dict[str, float]:
        """All samples, by name with labels."""
        with urlopen(f"http://{self.address}:9090/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}

    def end(self) -> int:
        """Wait for its end; its exit code, negative for a signal."""
        return self.process.wait(PATIENCE_SECONDS)

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def kill_after(self, seconds: float) -> None:
        """Kill it after so many seconds, unless it ends before."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        self.process.kill()
        self.end()

    def terminate(self) -> int:
        """Ask it to stop; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.end()


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds.

    Raises:
        AssertionError: it did not within the patience.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS:.0f} s: {what}"
        time.sleep(0.05)
