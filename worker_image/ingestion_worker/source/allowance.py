"""How much a video may cost to fetch: a source can send bytes without end, or one byte a minute."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Timer
from weakref import WeakSet

from ingestion_worker.media.errors import MediaError


@dataclass(frozen=True)
class FetchLimits:
    """Bounds of what is fetched.

    Attributes:
        media_bytes: of a video's media; a talk of ten hours has 0.6 GB of audio.
        media_seconds: for them, attempts included.
        page_bytes: of a page or a list, each of which is held in memory.
        caption_bytes: of captions, which are held in memory as well; those of twelve hours, word by word, have 12 MB.
        page_seconds: for all pages of a video or a list, attempts included; and for its captions.
        parse_seconds: to read captions that are there, and for other threads or processes to read theirs before.
        silence_seconds: how long a server may say nothing at all.
    """

    media_bytes: int = 8 * 2**30
    media_seconds: float = 7200.0
    page_bytes: int = 64 * 2**20
    caption_bytes: int = 16 * 2**20
    page_seconds: float = 600.0
    parse_seconds: float = 1800.0
    silence_seconds: float = 30.0


Announce = Callable[[float], None]
"""Is told, before each part of a fetch, how many seconds that may take."""


def nobody(_seconds: float) -> None:
    """Tell nobody."""


class TooSlow(OSError):
    """The time for a fetch is over."""


class Allowance:
    """Counts what a fetch costs, and cuts its connections when the time is over. For one thread.

    Cut they must be: no look at the clock between reads ends a read that gets a byte now and then.
    """

    def __init__(self, announce: Announce = nobody) -> None:
        self._announce = announce
        self._bytes_left = 0
        self._seconds = 0.0
        self._over = False
        self._sockets: WeakSet[socket.socket] = WeakSet()

    @contextmanager
    def spend(self, most_bytes: int, seconds: float) -> Iterator[None]:
        """Allow so much within the context."""
        self._announce(seconds)
        self._bytes_left, self._seconds, self._over = most_bytes, seconds, False
        self._sockets.clear()
        timer = Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def watch(self, connection: socket.socket) -> None:
        """Cut this connection, too, when the time is over.

        Raises:
            TooSlow: it is.
        """
        self._sockets.add(connection)
        self.check_time()

    def take(self, count: int) -> None:
        """Count bytes that came.

        Raises:
            MediaError: `TooLarge`, there are too many.
            TooSlow: the time is over.
        """
        self.check_time()
        self._bytes_left -= count
        if self._bytes_left < 0:
            raise MediaError("TooLarge", "the source sends more than is fetched of one video")

    def check_time(self) -> None:
        """Check that the time is not over.

        Raises:
            TooSlow: it is.
        """
        if self._over:
            raise TooSlow(f"the source did not come to an end within {self._seconds:g} s")

    def _cut(self) -> None:
        self._over = True
        for connection in list(self._sockets):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
