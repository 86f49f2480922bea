"""Reads sources in a process of its own, which is ended when its time is over.

Pages come from strangers, and yt-dlp's extractors run regular expressions over them: one that does not come to an end
would hold the interpreter, and with it the whole worker. A cut connection does not end it, and neither does a thread.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from threading import Lock
from typing import Any

from ingestion_contract.records import Segment, Video
from ingestion_contract.spec import Source
from ingestion_worker.conclusion import (
    ConfigurationError,
    NodeUnusable,
    PodTooSmall,
    SourceBlocked,
    SourceUnavailable,
    StepError,
)
from ingestion_worker.source.addresses import AddressRules
from ingestion_worker.source.allowance import FetchLimits, TooSlow
from ingestion_worker.source.failures import Failure, SourceFailure, Verdict
from ingestion_worker.source.fetch import FetchedAudio, FetchedCaptions
from ingestion_worker.text.video_lines import VideoLines

GRACE_SECONDS = 30.0
"""More than a part of a fetch may take: its own bounds come first, and tell more of what was slow."""

MODULE = "ingestion_worker.source.isolated_process"
"""What the process runs."""

START_SECONDS = 300.0
"""For the start of the process, which takes half a second of a processor."""

_STEPS = {kind.__name__: kind for kind in (SourceBlocked, SourceUnavailable, PodTooSmall)}

Message = dict[str, Any]


class _Process:
    """The process: started when it is first asked, and anew after it was ended. For one thread, but for `close`."""

    def __init__(self, cookies: Path | None, rules: AddressRules, limits: FetchLimits, grace_seconds: float) -> None:
        self._grace_seconds = grace_seconds
        self._setting = {
            "cookies": None if cookies is None else str(cookies),
            "networks": [str(network) for network in rules.networks],
            "folders": [str(folder) for folder in rules.folders],
            "limits": asdict(limits),
            "grace_seconds": grace_seconds,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._folder: Path | None = None
        self._asked = Lock()
        self._closed = False
        self._deadline = 0.0
        self._seconds = 0.0

    def ask(self, last: Sequence[str], **request: Any) -> Iterator[Message]:
        """Send a request, and yield the answers, up to one of the kinds that are the last.

        Raises:
            SourceFailure: what was asked for cannot be had.
            TooSlow: it took too long; the process was ended.
            MemoryError: the kernel killed the process, since the host's memory does not suffice.
            RuntimeError: the process broke on it, or was closed.
            NodeUnusable: the process does not start on this node.
            PodTooSmall: there is no room for another process.
            StepError: what the process itself ends with.
        """
        with self._asked:
            pipe = self._started()
            self._allow(0.0)
            pipe.send_bytes(json.dumps(request).encode())
            while True:
                message = self._answer()
                yield message
                if message["kind"] in last:
                    return

    def close(self) -> None:
        """End the process for good, whatever it is at, and remove what it has left."""
        self._closed = True
        self._kill()  # whoever waits for an answer hears of it, and lets the lock go
        with self._asked:
            self._end()

    def _started(self) -> Connection:
        """Return the pipe to the process, which is started if there is none, or none any more."""
        if self._process is not None and self._pipe is not None and self._process.poll() is None:
            return self._pipe
        self._end()
        try:
            self._process, self._pipe = _start()
        except OSError as error:
            raise PodTooSmall(f"no process for reading sources can be started here: {error}") from error
        if self._closed:
            self._end()
            raise RuntimeError("closed meanwhile")
        self._allow(START_SECONDS)
        try:
            self._message()
        except (TooSlow, RuntimeError) as error:
            raise NodeUnusable(f"the process that reads sources does not start on this node: {error}") from error
        levels = {
            "level": logging.getLogger("ingestion_worker").getEffectiveLevel(),
            "libraries_level": logging.getLogger().getEffectiveLevel(),
        }
        self._pipe.send_bytes(json.dumps({**self._setting, **levels}).encode())
        return self._pipe

    def _answer(self) -> Message:
        """Return the next message that is an answer."""
        while True:
            message = self._message()
            match message["kind"]:
                case "within":
                    self._allow(message["seconds"])
                case "log":
                    logging.getLogger(message["logger"]).log(message["level"], "%s", message["message"])
                case "folder":
                    self._folder = Path(message["path"])
                case "failed":
                    raise SourceFailure(Failure(Verdict[message["verdict"]], message["reason"]), message["message"])
                case "step":
                    raise _step_error(message)
                case _:
                    return message

    def _allow(self, seconds: float) -> None:
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds + self._grace_seconds

    def _message(self) -> Message:
        process, pipe = self._process, self._pipe
        assert process is not None
        assert pipe is not None
        if not pipe.poll(max(0.0, self._deadline - time.monotonic())):
            self._end()
            raise self._too_slow()
        try:
            message: Message = json.loads(pipe.recv_bytes())
        except (EOFError, ConnectionError) as error:
            code = process.wait()
            self._end()
            raise self._broken(code) from error
        return message

    def _too_slow(self) -> TooSlow:
        return TooSlow(f"reading the source did not come to an end within {self._seconds:g} s, and was ended")

    def _broken(self, code: int) -> Exception:
        if self._closed:
            return RuntimeError("closed meanwhile")
        if code == -signal.SIGALRM:
            return self._too_slow()
        if code == -signal.SIGKILL:
            return MemoryError("the process that reads sources was killed, as the kernel does where memory runs out")
        return RuntimeError(f"the process that reads sources broke on it, exit code {code}")

    def _kill(self) -> None:
        """End the process, and what it has started."""
        process = self._process
        if process is not None and process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def _end(self) -> None:
        self._kill()
        process, pipe, folder = self._process, self._pipe, self._folder
        self._process = self._pipe = self._folder = None
        if process is not None:
            process.wait()
            assert process.stdin is not None
            process.stdin.close()
        if pipe is not None:
            pipe.close()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


class IsolatedFetcher:
    """A `Fetcher` in a process of its own. For one thread, but for `close`, which ends what is under way.

    Args:
        source: of the run.
        scratch: a folder, in which the process makes one of its own.
        cookies: a cookies.txt, or None.
        rules: which addresses may be asked.
        limits: of what a fetch may cost, which the process keeps by itself as long as it can.
        grace_seconds: how long after the end of its time it is ended.
    """

    def __init__(
        self,
        source: Source,
        scratch: Path,
        cookies: Path | None,
        rules: AddressRules,
        limits: FetchLimits = FetchLimits(),  # noqa: B008 - frozen
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self._request = {"source": source.to_wire(), "scratch": str(scratch)}
        self._process = _Process(cookies, rules, limits, grace_seconds)

    def fetch(self, video: Video) -> FetchedCaptions | FetchedAudio:
        """Return the captions of a video, or a file with its audio.

        Raises:
            SourceFailure, TooSlow, MemoryError: see `failures.classify`.
            RuntimeError: the process broke on it.
            NodeUnusable, PodTooSmall, ConfigurationError: no video can be fetched here.
        """
        (answer,) = self._process.ask(("audio", "captions"), kind="fetch", video=video.to_wire(), **self._request)
        if answer["kind"] == "audio":
            return FetchedAudio(Path(answer["path"]), answer["language"], answer["duration"])
        segments = [Segment(start=start, end=end, text=text) for start, end, text in answer["segments"]]
        return FetchedCaptions(answer["language"], segments, answer["duration"], answer["automatic"])

    def close(self) -> None:
        """End the process, and what it is at."""
        self._process.close()


def list_isolated(
    urls: Iterable[str],
    limit: int | None,
    cookies: Path | None,
    rules: AddressRules,
    limits: FetchLimits = FetchLimits(),  # noqa: B008 - frozen
    grace_seconds: float = GRACE_SECONDS,
) -> Sequence[Video]:
    """Return what `listing.list_videos` returns, from a process of its own.

    Raises:
        SourceUnavailable: the source took too long, or broke the process.
        StepError: see `listing.list_videos`, and `IsolatedFetcher.fetch`.
    """
    process = _Process(cookies, rules, limits, grace_seconds)
    lines: list[bytes] = []
    try:
        for answer in process.ask(("listed",), kind="list", urls=list(urls), limit=limit):
            lines.append(answer.get("lines", "").encode())
    except SourceFailure as error:
        raise ConfigurationError(f"spec.source.urls cannot be listed: {error}", reason="NoVideos") from error
    except MemoryError as error:
        raise PodTooSmall(f"this pod's memory does not suffice to list the source: {error}") from error
    except (TooSlow, RuntimeError) as error:
        raise SourceUnavailable(f"the source cannot be listed: {error}") from error
    finally:
        process.close()
    return VideoLines(b"".join(lines))


def _start() -> tuple[subprocess.Popen[bytes], Connection]:
    ours, theirs = Pipe()
    with theirs:
        command = [sys.executable, "-m", MODULE, str(theirs.fileno())]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[theirs.fileno()], start_new_session=True)
        return process, ours


def _step_error(message: Message) -> StepError:
    kind = _STEPS.get(message["type"])
    if kind is not None:
        return kind(message["message"])
    return ConfigurationError(message["message"], reason=message["reason"])
