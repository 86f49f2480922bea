"""Signals that end a command: as Ctrl-C does, so that everything is taken down."""

from __future__ import annotations

import signal
from typing import NoReturn


def end_as_ctrl_c_does() -> None:
    """Let SIGTERM and SIGHUP raise KeyboardInterrupt, and SIGINT too where a shell has told a process to ignore it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
