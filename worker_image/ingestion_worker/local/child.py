"""A worker of a local run: `ingest work` as a child process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Thread

from ingestion_contract.metrics import WorkerState
from ingestion_contract.summary import ErrorSummary, decode_summary
from ingestion_worker.local import metrics_page
from ingestion_worker.local.fleet import READY, Seen
from ingestion_worker.local.metrics_page import Page

LAST_LINES = 20
DRAIN_SECONDS = 5.0


def own_command() -> list[str]:
    """Return how this program was started, so that its children are the same program."""
    module = getattr(sys.modules["__main__"], "__spec__", None)
    return [sys.executable, "-m", module.name] if module is not None else [sys.executable, sys.argv[0]]


class Child:
    """A worker process on a shard. `answers` tells whether its page is that of the last look.

    It has a session of its own, so that Ctrl-C in the terminal does not reach it, and stops when this process ends,
    however that ends, since its standard input does.

    Args:
        shard: which.
        arguments: of `ingest work`, beside those that are set here.
        folder: an own one, for the files between the two processes.
        on_line: is given each line of its log, in a thread.
    """

    def __init__(self, shard: int, arguments: Sequence[str], folder: Path, on_line: Callable[[int, str], None]) -> None:
        self.shard = shard
        self.released = False
        self.worked = False
        self.answers = False
        self.page = Page()
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._port_file = folder / "port"
        self._message = folder / "message"
        self._message.touch()
        self._heard_in: WorkerState | None = None
        self._since = time.monotonic()
        self._on_line = on_line
        self._process = subprocess.Popen(
            [*own_command(), "work", "--shard", str(shard), *arguments, *self._files()],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._reader = Thread(target=self._read_log, name=f"log-{shard}", daemon=True)
        self._reader.start()

    @property
    def seen(self) -> Seen:
        """What its metrics told last."""
        return Seen(self.shard, self._heard_in, time.monotonic() - self._since, self.page.floor)

    @property
    def error(self) -> str:
        """The sentence with which it has ended, or the last line of its log."""
        summary = decode_summary(self._message.read_text())
        if isinstance(summary, ErrorSummary):
            return summary.detail
        return self.last_lines[-1] if self.last_lines else "it said nothing"

    def look(self) -> None:
        """Read its metrics; where it does not answer, the last ones stay."""
        self.answers = False
        try:
            port = int(self._port_file.read_text())
        except FileNotFoundError:
            return
        page = metrics_page.read(port)
        if page is None:
            return
        self.page = page
        self.answers = True
        self.worked = self.worked or page.state in READY
        if page.state is not self._heard_in:
            self._heard_in, self._since = page.state, time.monotonic()

    def end_code(self) -> int | None:
        """Return its exit code once it has ended; by a signal, 128 and the signal's number, as a shell says."""
        code = self._process.poll()
        if code is None:
            return None
        self._reader.join(DRAIN_SECONDS)
        return code if code >= 0 else 128 - code

    def stop(self) -> None:
        """Ask it to commit what it has, and end."""
        if self._process.poll() is None:
            self._process.terminate()

    def kill(self) -> None:
        """End it now, with all that it has started."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)

    def _files(self) -> list[str]:
        ways = ["--address", "127.0.0.1", "--port", "0", "--port-file", str(self._port_file)]
        return [*ways, "--termination-message", str(self._message), "--until-stdin-closes"]

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        for raw in self._process.stderr:
            line = raw.decode(errors="replace").rstrip()
            self.last_lines.append(line)
            self._on_line(self.shard, line)
