"""The operators that are measured, each as a process: ours as its chart runs it, and the minimal one."""

from __future__ import annotations

import os
import sys
import time
import urllib.request
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import psutil

from benchmarks.reaction.scene import REPOSITORY
from dev.cluster.processes import Child, free_port

SCRAPE_INTERVAL_SECONDS = 10
_STOP_SECONDS = 30.0
_TIMEOUT_SECONDS = 30.0


class Contestant(StrEnum):
    """Which operator it is."""

    OURS = "ingestion-operator"
    MINIMAL = "minimal"


@dataclass(frozen=True)
class Usage:
    """What a process has used of a machine until a moment, in seconds of a clock and of CPU."""

    at: float
    cpu_seconds: float


class Operator:
    """One operator process at a time."""

    def __init__(self, kind: Contestant, kubeconfig: Path, log: Path) -> None:
        self.kind = kind
        self._kubeconfig = kubeconfig
        self._log = log
        self._child: Child | None = None
        self._metrics_port = 0

    def start(self) -> None:
        """Start it."""
        environment = {**os.environ, "KUBECONFIG": str(self._kubeconfig), "NO_PROXY": "127.0.0.1"}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(REPOSITORY), os.environ.get("PYTHONPATH"))))
        self._metrics_port = free_port()
        self._child = Child(self.kind, self._command(), self._log, environment)

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        if self._child is not None:
            self._child.stop(_STOP_SECONDS)
            self._child = None

    def check(self) -> None:
        """Raise ChildDied when it has ended by itself."""
        if self._child is not None:
            self._child.check()

    def usage(self) -> Usage:
        """Return what it has used until now."""
        times = self._process.cpu_times()
        return Usage(time.monotonic(), times.user + times.system)

    def resident_bytes(self) -> int:
        """Return how much of its memory is resident."""
        return int(self._process.memory_info().rss)

    def scrape(self) -> float:
        """Read its metrics as a Prometheus does, and return how many seconds that took; the minimal one has none."""
        if self.kind is Contestant.MINIMAL:
            return 0.0
        started = time.monotonic()
        with urllib.request.urlopen(f"http://127.0.0.1:{self._metrics_port}/metrics", timeout=_TIMEOUT_SECONDS) as page:
            page.read()
        return time.monotonic() - started

    @property
    def _process(self) -> psutil.Process:
        assert self._child is not None
        return psutil.Process(self._child.pid)

    def _command(self) -> list[str]:
        liveness = f"http://127.0.0.1:{free_port()}/healthz"
        if self.kind is Contestant.MINIMAL:
            return [sys.executable, "-m", "benchmarks.load.minimal", liveness]
        program = Path(sys.executable).with_name("ingestion-operator")
        options = {
            "worker-image": "worker",
            "scrape-interval-seconds": str(SCRAPE_INTERVAL_SECONDS),
            "log-format": "json",
            "liveness": liveness,
            "metrics": f"http://127.0.0.1:{self._metrics_port}/metrics",
        }
        return [str(program), "run", *(f"--{name}={value}" for name, value in options.items())]
