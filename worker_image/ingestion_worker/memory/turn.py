"""Lets the workers of one machine that share a device measure their memory one after the other."""

from __future__ import annotations

import fcntl
import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import IO

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
LONGEST_SECONDS = 120.0
"""After that a worker goes on out of turn: who holds the turn may be downloading a model."""


@contextmanager
def turn(uuid: str, stop: Event, folder: Path | None = None) -> Iterator[None]:
    """Hold the device's turn during the block; wait for it before, bounded.

    The turn is a lock on a file, which the kernel drops when its holder ends. Pods share no folder: they measure at the
    same time, and `calibration.measure_among_neighbours` sees to it.

    Args:
        uuid: of the device.
        stop: ends the waiting.
        folder: of the file; the system's for temporary files.
    """
    path = (folder or Path(tempfile.gettempdir())) / f"ingestion-{uuid}.lock"
    try:
        file = path.open("a")
    except OSError as error:
        log.debug("no turns on the device: %s", error)
        yield
        return
    with file:
        _wait(file, stop)
        yield


def _wait(file: IO[str], stop: Event) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while not stop.is_set():
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                log.warning("another worker measures for more than %.0f s: going on beside it", LONGEST_SECONDS)
                return
            stop.wait(LOOK_SECONDS)
        else:
            return
