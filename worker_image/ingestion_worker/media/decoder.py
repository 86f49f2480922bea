"""Decodes media in a process of its own: beside the device's thread, and out of the way of what hostile media break.

A file that lets a decoder crash, hang or fill the memory ends that process, not the worker.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

import numpy as np

from ingestion_worker.conclusion import NodeUnusable, PodTooSmall
from ingestion_worker.media.errors import MediaError
from ingestion_worker.media.features import FRAMES, FeatureSettings
from ingestion_worker.media.sections import SectionEnd, Start, Window
from ingestion_worker.media.windows import Span

STALL_SECONDS = 300.0
"""A decoder that gives nothing for so long, which is a hundred times what ten minutes of audio take, is stuck."""


class Decoder:
    """A process that decodes one file at a time. Not for several threads at a time."""

    def __init__(self, stall_seconds: float = STALL_SECONDS) -> None:
        self._stall_seconds = stall_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None

    @property
    def pid(self) -> int | None:
        """The process, if there is one now."""
        return None if self._process is None else self._process.pid

    def start(self) -> int:
        """Start the process if there is none, wait until it is ready, and return its pid.

        Raises:
            NodeUnusable: its libraries do not work here.
            PodTooSmall: there is no room for another process.
        """
        if self._process is None:
            try:
                self._process, self._pipe = _started()
            except OSError as error:
                raise PodTooSmall(f"no process for decoding can be started here: {error}") from error
            self._await_ready()
        return self._process.pid

    def read(self, path: Path, settings: FeatureSettings, start: Start) -> Generator[Window | SectionEnd]:
        """Yield what `sections.read` yields, in this process; a reader that leaves early ends the decoder.

        Raises:
            MediaError: the file is broken, or the decoder broke on it (`Corrupt`); it holds no audio (`NoAudio`); or it
                wants too much memory (`TooLarge`).
            MemoryError: the kernel killed the decoder, since the host's memory does not suffice.
            RuntimeError: the decoder does not know how to go on with the file.
            NodeUnusable, PodTooSmall: see `start`.
        """
        pipe = self._asked(json.dumps({"path": str(path), **vars(settings), **vars(start)}).encode())
        whole = False
        try:
            while True:
                event = self._receive(pipe, settings)
                yield event
                if isinstance(event, SectionEnd) and event.last:
                    whole = True
                    return
        finally:
            if not whole:
                self.close()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None

    def _await_ready(self) -> None:
        try:
            message = self._message(STALL_SECONDS)
        except MediaError as error:
            self.close()
            raise NodeUnusable(f"the decoder does not start on this node: {error}") from error
        if message["kind"] != "ready":
            self.close()
            raise NodeUnusable(f"media cannot be decoded on this node: {message['message']}")

    def _asked(self, request: bytes) -> Connection:
        """Send a request, to a new process if the old one has died meanwhile, and return the pipe."""
        try:
            return self._send(request)
        except ConnectionError:
            self.close()
            return self._send(request)

    def _send(self, request: bytes) -> Connection:
        self.start()
        assert self._pipe is not None
        self._pipe.send_bytes(request)
        return self._pipe

    def _receive(self, pipe: Connection, settings: FeatureSettings) -> Window | SectionEnd:
        message = self._message(self._stall_seconds)
        while message["kind"] == "alive":
            message = self._message(self._stall_seconds)
        if message["kind"] == "window":
            features = np.frombuffer(pipe.recv_bytes(), np.float32).reshape(settings.mels, FRAMES)
            return Window(features, tuple(Span(start, end) for start, end in message["spans"]))
        return _section_end_or_error(message)

    def _message(self, seconds: float) -> dict[str, Any]:
        """Return the next message, which is to come within so many seconds.

        Raises:
            MediaError: there is none, for too long, or for ever.
            MemoryError: the process was killed.
        """
        assert self._pipe is not None
        assert self._process is not None
        try:
            if not self._pipe.poll(seconds):
                raise MediaError("Corrupt", f"the decoder gave nothing for {seconds:.0f} s, and was ended")
            message: dict[str, Any] = json.loads(self._pipe.recv_bytes())
        except (EOFError, ConnectionError) as error:
            code = self._process.wait()
            if code == -signal.SIGKILL:
                raise MemoryError("the decoder was killed, as the kernel does where memory runs out") from error
            raise MediaError("Corrupt", f"the decoder broke on it, exit code {code}") from error
        return message


def _started() -> tuple[subprocess.Popen[bytes], Connection]:
    ours, theirs = Pipe()
    with theirs:
        command = [sys.executable, "-m", "ingestion_worker.media.decoder_process", str(theirs.fileno())]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        return subprocess.Popen(command, pass_fds=[theirs.fileno()], env=environment), ours


def _section_end_or_error(message: dict[str, Any]) -> SectionEnd:
    match message["kind"]:
        case "section":
            start = Start(message["section"], message["sample"])
            return SectionEnd(start, message["end"], message["windows"], message["last"])
        case "media":
            raise MediaError(message["reason"], message["message"])
    raise RuntimeError(f"the decoder failed on it: {message['message']}")
