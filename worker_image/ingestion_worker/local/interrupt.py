"""Ctrl-C and SIGTERM: once is a wish, twice is a command, and the third time nobody is asked."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from types import FrameType
from typing import TypeVar

Answer = TypeVar("Answer")

_LOOK_SECONDS = 0.1
_AT_ONCE = 3


class Interrupted(Exception):
    """The run was interrupted. The exit code is a shell's: 130 after Ctrl-C, 143 after SIGTERM."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


class Interrupt:
    """Counts the signals that ask this process to end. The third one ends it at once."""

    def __init__(self) -> None:
        self.times = 0
        self._heeded = 0
        self._number = signal.SIGINT

    def listen(self) -> None:
        """Hear the signals from now on."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._heard)

    @property
    def asked(self) -> bool:
        """Whether a signal has come that was not heeded."""
        return self.times > self._heeded

    def heed(self) -> None:
        """Go on to what is left to do after the signals that have come; another one interrupts that, too."""
        self._heeded = self.times

    @property
    def error(self) -> Interrupted:
        """The end that the last signal asks for."""
        return Interrupted(self._number)

    def run(self, step: Callable[[], Answer]) -> Answer:
        """Return what a step returns, unless a signal comes before: then the step is left alone in its thread.

        Only for steps that may be killed at any moment.

        Raises:
            Interrupted: a signal came.
            Exception: whatever the step raises.
        """
        if self.asked:
            raise self.error
        taken = ThreadPoolExecutor(1, thread_name_prefix="step").submit(step)
        while not wait([taken], _LOOK_SECONDS).done:
            if self.asked:
                raise self.error
        return taken.result()

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        self.times += 1
        self._number = signal.Signals(number)
        if self.times >= _AT_ONCE:
            os._exit(self.error.exit_code)
