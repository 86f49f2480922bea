"""Ctrl-C and SIGTERM: once is a wish, twice is a command."""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from types import FrameType
from typing import TypeVar

Answer = TypeVar("Answer")

_LOOK_SECONDS = 0.1


class Interrupted(Exception):
    """The run was interrupted. The exit code is a shell's: 130 after Ctrl-C, 143 after SIGTERM."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


class Interrupt:
    """Counts the signals that ask this process to end. Nothing but the count is touched in their handler."""

    def __init__(self) -> None:
        self.times = 0
        self._number = signal.SIGINT

    def listen(self) -> None:
        """Hear the signals from now on."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._heard)

    @property
    def error(self) -> Interrupted:
        """The end that the last signal asks for."""
        return Interrupted(self._number)

    def run(self, step: Callable[[], Answer]) -> Answer:
        """Return what a step returns, unless a signal comes first: then the step is left alone in its thread.

        Only for steps that may be killed at any moment.

        Raises:
            Interrupted: a signal came.
            Exception: whatever the step raises.
        """
        taken = ThreadPoolExecutor(1, thread_name_prefix="step").submit(step)
        while not wait([taken], _LOOK_SECONDS).done:
            if self.times:
                raise self.error
        return taken.result()

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        self.times += 1
        self._number = signal.Signals(number)
