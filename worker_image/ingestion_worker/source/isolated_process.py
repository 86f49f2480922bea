"""The process behind `isolation`: `python -m ingestion_worker.source.isolated_process FD`.

It says that it is ready, is told its setting, and then fetches or lists what it is asked for, one request at a time. It
ends when its standard input does, which its parent holds, or when it has been at something for longer than it may.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from ingestion_contract.records import Video
from ingestion_contract.spec import Source
from ingestion_worker.conclusion import ConfigurationError, PodTooSmall, StepError
from ingestion_worker.media.errors import MediaError
from ingestion_worker.source.addresses import AddressRules
from ingestion_worker.source.allowance import FetchLimits
from ingestion_worker.source.failures import classify
from ingestion_worker.source.fetch import FetchedAudio, FetchedCaptions, Fetcher
from ingestion_worker.source.listing import list_videos
from ingestion_worker.text.video_lines import line

MOST_BYTES = 4 * 1024**3
"""Of memory of its own: ten times what the largest page takes that is read."""

AT_ONCE = 1000
"""Videos of a list in one message."""

Message = dict[str, Any]


class Channel:
    """The way to the parent, for several threads: libraries have some that log."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._lock = Lock()

    def send(self, **message: Any) -> None:
        """Send a message."""
        content = json.dumps(message).encode()
        with self._lock:
            self._pipe.send_bytes(content)

    def receive(self) -> Message:
        """Wait for a message."""
        message: Message = json.loads(self._pipe.recv_bytes())
        return message


class _Log(logging.Handler):
    """Hands log records over to the parent, whose lines name the run."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        self._channel.send(kind="log", logger=record.name, level=record.levelno, message=self.format(record))


class Server:
    """Answers requests.

    Args:
        setting: what `isolation` says of the run, see there.
    """

    def __init__(self, channel: Channel, setting: Message) -> None:
        self._channel = channel
        self._cookies = None if setting["cookies"] is None else Path(setting["cookies"])
        self._rules = AddressRules.parse(setting["networks"], setting["folders"])
        self._limits = FetchLimits(**setting["limits"])
        self._grace_seconds = float(setting["grace_seconds"])
        self._fetcher: Fetcher | None = None

    def answer(self, request: Message) -> None:
        """Answer a request: with what was asked for, or with why it cannot be had."""
        try:
            if request["kind"] == "fetch":
                self._fetch(Source.from_wire(request["source"]), Path(request["scratch"]), request["video"])
            else:
                self._list(request["urls"], request["limit"])
        except StepError as error:
            self._channel.send(kind="step", type=type(error).__name__, reason=error.reason, message=str(error))
        except MemoryError:
            self._fail(MediaError("TooLarge", f"reading it takes more than {MOST_BYTES >> 30} GiB"))
        except Exception as error:
            logging.getLogger(__name__).debug("where it fails", exc_info=error)
            self._fail(error)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)

    def _fail(self, error: Exception) -> None:
        failure = classify(error)
        self._channel.send(kind="failed", verdict=failure.verdict.name, reason=failure.reason, message=str(error))

    def _announce(self, seconds: float) -> None:
        """Tell the parent how long the next part may take; a parent that is gone is not needed to end this process."""
        signal.setitimer(signal.ITIMER_REAL, seconds + 2 * self._grace_seconds)
        self._channel.send(kind="within", seconds=seconds)

    def _fetch(self, source: Source, scratch: Path, video: Message) -> None:
        if self._fetcher is None:
            self._fetcher = self._made(source, scratch)
            self._channel.send(kind="folder", path=str(self._fetcher.folder))
        fetched = self._fetcher.fetch(Video.from_wire(video))
        if isinstance(fetched, FetchedAudio):
            self._channel.send(
                kind="audio", path=str(fetched.path), language=fetched.language, duration=fetched.duration_seconds
            )
        else:
            self._send_captions(fetched)

    def _made(self, source: Source, scratch: Path) -> Fetcher:
        try:
            return Fetcher(source, scratch, self._cookies, self._rules, self._limits, self._announce)
        except UnicodeDecodeError as error:
            raise ConfigurationError(f"spec.source.cookiesSecretRef names no cookies.txt: {error}") from error
        except OSError as error:
            raise PodTooSmall(f"this pod's scratch folder {scratch.parent} cannot be used: {error}") from error

    def _send_captions(self, fetched: FetchedCaptions) -> None:
        self._channel.send(
            kind="captions",
            language=fetched.language,
            segments=[(segment.start, segment.end, segment.text) for segment in fetched.segments],
            duration=fetched.duration_seconds,
            automatic=fetched.automatic,
        )

    def _list(self, urls: list[str], limit: int | None) -> None:
        videos = list_videos(urls, limit, self._cookies, self._rules, self._limits, self._announce)
        for first in range(0, len(videos), AT_ONCE):
            lines = b"".join(map(line, videos[first : first + AT_ONCE]))
            self._channel.send(kind="videos", lines=lines.decode())
        self._channel.send(kind="listed")


def main() -> None:
    """Serve the pipe that the argument names."""
    for ignored in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
    Thread(target=_end_with_parent, name="parent", daemon=True).start()
    channel = Channel(Connection(int(sys.argv[1])))
    try:
        channel.send(kind="ready")
        setting = channel.receive()
        logging.basicConfig(level=setting["libraries_level"], handlers=[_Log(channel)], force=True)
        logging.getLogger("ingestion_worker").setLevel(setting["level"])
        server = Server(channel, setting)
        while True:
            server.answer(channel.receive())
    except (EOFError, ConnectionError):
        return


def _end_with_parent() -> None:
    """However the parent ends, its end of the pipe is closed: a download must not go on for hours then."""
    while os.read(0, 4096):
        continue
    os._exit(0)


if __name__ == "__main__":
    main()
