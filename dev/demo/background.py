"""A demonstration that goes on after its command has returned."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

Done = Callable[[int], None]


def stay_in_background(work: Callable[[Done], int]) -> int:
    """Run the work in a process and session of its own, and return the exit code that it passes to `done`.

    The work goes on after that, without a terminal, until SIGTERM. Ctrl-C before that ends it, and is raised here.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.setsid()
        os._exit(work(lambda code: _let_go(writer, code)))
    os.close(writer)
    try:
        said = os.read(reader, 1)
    except KeyboardInterrupt:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
        raise
    return said[0] if said else 1


def _let_go(writer: int, code: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.write(writer, bytes([code]))
    os.close(writer)
