"""Shows a run to whoever started it: live in a terminal, as plain lines elsewhere, or not at all."""

from __future__ import annotations

import sys
import time
from threading import Lock
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from ingestion_contract.metrics import WorkerState
from ingestion_worker.local import log_lines, words
from ingestion_worker.local.panel import panel
from ingestion_worker.local.progress import Progress
from ingestion_worker.text.words import printable

LINE_EVERY_SECONDS = 10.0


class Display(Protocol):
    """Whatever shows a run. All may be called from any thread."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop showing; what happened stays to be read."""

    def step(self, what: str) -> None:
        """Say what is done now, beside the work on videos."""

    def progress(self, now: Progress) -> None:
        """Show how far the run is."""

    def event(self, text: str) -> None:
        """Say what has happened."""

    def log(self, worker: int, line: str) -> None:
        """Show a line of a worker's log: what is an event of it, or all that it says to whoever asked for that."""


class Quiet:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass

    def step(self, what: str) -> None:
        """Show nothing."""

    def progress(self, now: Progress) -> None:
        """Show nothing."""

    def event(self, text: str) -> None:
        """Show nothing."""

    def log(self, worker: int, line: str) -> None:
        """Show nothing."""


class Lines(Quiet):
    """Plain lines on stderr: one per change, or every ten seconds.

    Args:
        verbose: show the workers' logs, too.
    """

    def __init__(self, verbose: bool) -> None:
        self._verbose = verbose
        self._lock = Lock()
        self._shown_at = 0.0
        self._shown: object = None

    def step(self, what: str) -> None:
        """Write a line."""
        self._write(what)

    def progress(self, now: Progress) -> None:
        """Write a line if workers have changed, or it is time."""
        running, waiting = sum(now.states.values()), now.states.get(WorkerState.WAITING_FOR_MEMORY, 0)
        key = (running, waiting, now.oom_events, now.tally.done == now.total)
        due = time.monotonic() - self._shown_at >= LINE_EVERY_SECONDS
        if key != self._shown or due:
            self._shown, self._shown_at = key, time.monotonic()
            self._write(words.line(now))

    def event(self, text: str) -> None:
        """Write a line."""
        self._write(text)

    def log(self, worker: int, line: str) -> None:
        """Write the line if all are asked for; else what is an event in it."""
        shown = f"worker {worker}: {line}" if self._verbose else log_lines.event(line)
        if shown is not None:
            self._write(shown)

    def _write(self, text: str) -> None:
        with self._lock:
            sys.stderr.write(f"{time.strftime('%H:%M:%S')} {printable(text)}\n")
            sys.stderr.flush()


class Terminal(Lines):
    """A panel that stays at the bottom of a terminal; events scroll by above it."""

    def __init__(self, console: Console, verbose: bool) -> None:
        super().__init__(verbose)
        self._console = console
        self._live = Live(console=console, refresh_per_second=4, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.stop()

    def step(self, what: str) -> None:
        """Show what is done now in place of the panel."""
        self._live.update(Text(f"  {what} …", "dim"))

    def progress(self, now: Progress) -> None:
        """Show the panel anew."""
        self._live.update(panel(now))

    def _write(self, text: str) -> None:
        self._console.print(Text.assemble((time.strftime("%H:%M:%S "), "dim"), printable(text)), soft_wrap=True)


def choose(console: Console, quiet: bool, verbose: bool) -> Display:
    """Return the display for where the command was started."""
    if quiet:
        return Quiet()
    return Terminal(console, verbose) if console.is_terminal else Lines(verbose)
