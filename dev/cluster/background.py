"""A cluster that goes on running after the command that started it has returned."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from dev.cluster.processes import tail

_READY_WITHIN_SECONDS = 120.0
_STOPPED_WITHIN_SECONDS = 20.0
_POLL_SECONDS = 0.1
_REPOSITORY = Path(__file__).parents[2]


def is_running(folder: Path) -> bool:
    """Whether a cluster runs in the folder, or is being started or stopped there."""
    if not folder.is_dir():
        return False
    try:
        with FileLock(folder / "lock").acquire(timeout=0):
            return False
    except Timeout:
        return True


def start_in_background(folder: Path, arguments: Sequence[str]) -> None:
    """Start `python -m dev.cluster` with `arguments` as a process of its own, and return when its cluster is ready.

    Raises RuntimeError with the end of its log when it is not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "cluster.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "dev.cluster", *arguments],
            env={**os.environ, "PYTHONPATH": str(_REPOSITORY)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await_ready(folder, log, lambda: process.poll() is None, lambda: _started_by(folder) == process.pid)
    except BaseException:
        process.kill()
        raise


def await_ready(folder: Path) -> None:
    """Return when the cluster that somebody else starts in the folder is ready. Raises RuntimeError when it is not."""
    _await_ready(folder, folder / "cluster.log", lambda: is_running(folder), lambda: True)


def stop_in_background(folder: Path) -> None:
    """Stop the cluster that runs in the folder, and return when it is gone."""
    lock = FileLock(folder / "lock")
    pid = int((folder / "pid").read_text())
    os.kill(pid, signal.SIGTERM)
    try:
        lock.acquire(timeout=_STOPPED_WITHIN_SECONDS)
    except Timeout:
        os.kill(pid, signal.SIGKILL)
        lock.acquire()
    lock.release()


def _await_ready(folder: Path, log: Path, alive: Callable[[], bool], ours: Callable[[], bool]) -> None:
    limit = time.monotonic() + _READY_WITHIN_SECONDS
    while not ((folder / "kubeconfig").exists() and ours()):
        if not alive() or time.monotonic() > limit:
            raise RuntimeError(f"The cluster in {folder} did not start; the end of {log}:\n{tail(log)}")
        time.sleep(_POLL_SECONDS)


def _started_by(folder: Path) -> int | None:
    pid = folder / "pid"
    return int(pid.read_text()) if pid.exists() else None
