"""One of the processes: takes a video, tries it once, writes it off if that fails, takes the next."""

from __future__ import annotations

import logging
import multiprocessing
import os
from multiprocessing.synchronize import Barrier
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

from dev.incident.founding.models import Models
from dev.incident.founding.records import Output
from dev.incident.founding.source import Listed, Source
from ingestion_worker.device.simulated.device import SimulatedGpu

log = logging.getLogger(__name__)

_START_SECONDS = 600.0


class Worker:
    """What a process keeps from video to video: its models, its downloader, and where it writes."""

    def __init__(self, gpu: Path, asr: Path, embedder: Path, output: Path) -> None:
        self._models = Models(SimulatedGpu(gpu), asr, embedder)
        self._output = Output(output)
        self._scratch = TemporaryDirectory()
        self._source = Source(Path(self._scratch.name))

    def ingest(self, video: Listed) -> None:
        """Write the transcript and the vector of a video, or why there are none."""
        try:
            text, heard = self._text(video)
            self._output.succeeded(video, text, heard, self._models.embed(text))
        except Exception as error:
            log.exception("%s is lost", video.id)
            self._output.failed(video, error)
        finally:
            self._models.empty_cache()

    def _text(self, video: Listed) -> tuple[str, bool]:
        """Return what is said, and whether it was heard rather than read."""
        info = self._source.look(video.url)
        text = self._source.captions(info)
        if text is not None:
            return text, False
        audio = self._source.audio(info)
        try:
            return self._models.transcribe(audio), True
        finally:
            audio.unlink()


_workers: list[Worker] = []
"""The worker of this process: a pool hands its tasks to functions."""


def start(all_there: Barrier, gpu: Path, asr: Path, embedder: Path, output: Path) -> None:
    """Make this process one of the workers, and begin when all are there.

    Raises:
        BrokenBarrierError: they are not within minutes.
    """
    Thread(target=_end_with_parent, daemon=True).start()
    _workers.append(Worker(gpu, asr, embedder, output))
    all_there.wait(_START_SECONDS)


def ingest(video: Listed) -> None:
    """Ingest a video in the process that was started."""
    _workers[0].ingest(video)


def _end_with_parent() -> None:
    """A killed parent leaves its pool waiting for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
