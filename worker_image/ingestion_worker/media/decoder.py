"""Decodes media in a process of its own: beside the device's thread, and out of the way of what hostile media break.

A file that lets a decoder crash, hang or fill the memory ends that process, not the worker.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

import numpy as np

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
        """Start the process if there is none, and return its pid."""
        if self._process is None:
            self._pipe, theirs = Pipe()
            command = [sys.executable, "-m", "ingestion_worker.media.decoder_process", str(theirs.fileno())]
            environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=environment)
            theirs.close()
        return self._process.pid

    def read(self, path: Path, settings: FeatureSettings, start: Start) -> Generator[Window | SectionEnd]:
        """Yield what `sections.read` yields, in this process; a reader that leaves early ends the decoder.

        Raises:
            MediaError: the file is broken, or the decoder broke on it (`Corrupt`); or it holds no audio (`NoAudio`).
            MemoryError: the host's memory does not suffice, which says nothing of the file.
        """
        self.start()
        pipe = self._pipe
        assert pipe is not None
        whole = False
        try:
            pipe.send_bytes(json.dumps({"path": str(path), **vars(settings), **vars(start)}).encode())
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

    def _receive(self, pipe: Connection, settings: FeatureSettings) -> Window | SectionEnd:
        try:
            if not pipe.poll(self._stall_seconds):
                raise MediaError("Corrupt", f"the decoder gave nothing for {self._stall_seconds:.0f} s, and was ended")
            message = json.loads(pipe.recv_bytes())
            if message["kind"] == "window":
                features = np.frombuffer(pipe.recv_bytes(), np.float32).reshape(settings.mels, FRAMES)
                return Window(features, tuple(Span(start, end) for start, end in message["spans"]))
        except (EOFError, ConnectionError) as error:
            assert self._process is not None
            raise MediaError("Corrupt", f"the decoder broke on it, exit code {self._process.wait()}") from error
        return _section_end_or_error(message)


def _section_end_or_error(message: dict[str, Any]) -> SectionEnd:
    match message["kind"]:
        case "section":
            start = Start(message["section"], message["sample"])
            return SectionEnd(start, message["end"], message["windows"], message["last"])
        case "memory":
            raise MemoryError(message["message"])
        case "media":
            raise MediaError(message["reason"], message["message"])
    raise RuntimeError(f"the decoder failed: {message['message']}")
