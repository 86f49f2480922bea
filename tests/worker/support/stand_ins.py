"""Stand-ins for the two models, where a test is not about what they say: importing the real ones takes seconds."""

from __future__ import annotations

import ctypes
import hashlib
import os
import sys
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ingestion_contract.records import Segment
from ingestion_contract.spec import Embedding, Transcription
from ingestion_worker.device import ComputeDevice
from ingestion_worker.media.features import FRAMES, FeatureSettings
from ingestion_worker.media.sections import Window
from ingestion_worker.media.windows import WINDOW_SECONDS, Span
from ingestion_worker.models import loaded
from ingestion_worker.models.asr import WindowText
from ingestion_worker.output.transcript import AsrModel
from ingestion_worker.pipeline import shard
from ingestion_worker.source.fetch import Fetcher
from ingestion_worker.steps import ending

FAULT = "STAND_IN_FAULT"
"""Environment: what the speech model's batches fail with."""

LOAD_HANGS = "STAND_IN_LOAD_HANGS"
"""Environment: loading the speech model never returns from C, and a worker that is asked to stop is given 1 s."""


class StandInRecogniser:
    """Says how long a window is. Batches above `most` run out of memory; `batches` are the sizes that were tried.

    Heard in doubt, a window may raise `in_doubt`. `made` counts how often the model was loaded.
    """

    most = 1000
    batches: list[int] = []  # noqa: RUF012 - a test resets it
    in_doubt: Exception | None = None
    made = 0
    features = FeatureSettings()
    multilingual = True

    def __init__(
        self,
        model: str,
        transcription: Transcription,
        compute: ComputeDevice,
        threads: int,
        compute_type: str | None = None,
    ) -> None:
        if LOAD_HANGS in os.environ:
            _hang_in_c()
        StandInRecogniser.made += 1
        self.model = AsrModel(model, None, compute_type or transcription.compute_type.value)

    def silence(self) -> Window:
        return Window(np.zeros((self.features.mels, FRAMES), np.float32), (Span(0.0, WINDOW_SECONDS),))

    def transcribe(self, windows: Sequence[Window], language: str) -> list[WindowText]:
        self.batches.append(len(windows))
        if FAULT in os.environ:
            raise RuntimeError(os.environ[FAULT])
        if len(windows) > self.most:
            raise RuntimeError("CUDA failed with error out of memory")
        return [WindowText((_segment(window),), (round(window.seconds),)) for window in windows]

    def hear_in_doubt(self, window: Window, language: str) -> None:
        if self.in_doubt is not None:
            raise self.in_doubt

    def unload(self) -> None:
        pass


def _segment(window: Window) -> Segment:
    text = f"{window.seconds:.1f} seconds of speech"
    return Segment(start=window.start, end=window.end, text=text)


class StandInEmbedder:
    """Makes vectors of four numbers from the text's hash. Batches above `most` run out of memory."""

    dimension = 4
    revision = None
    most = 1000

    def __init__(self, embedding: Embedding, compute: ComputeDevice, threads: int) -> None:
        self.max_tokens = embedding.max_sequence_length
        self.chunk_tokens = embedding.chunk_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if len(texts) > self.most:
            raise RuntimeError("CUDA error: out of memory")
        rows = [np.frombuffer(hashlib.sha256(text.encode()).digest()[:4], np.uint8) for text in texts]
        return np.stack(rows).astype(np.float32)

    def unload(self) -> None:
        pass


def _hang_in_c() -> None:
    """Lock a mutex twice: unlike a sleep, no signal ends that, and Python's signal handlers do not run."""
    print(LOAD_HANGS, file=sys.stderr, flush=True)
    libc = ctypes.CDLL(None)
    mutex = ctypes.create_string_buffer(128)
    libc.pthread_mutex_lock(mutex)
    libc.pthread_mutex_lock(mutex)


class Patch(Protocol):
    """A monkeypatch of pytest's, which a worker of its own process does without: importing pytest takes a while."""

    def setattr(self, target: object, name: str, value: object, /) -> None:
        """Set an attribute."""


class FetcherHere(Fetcher):
    """Fetches in the worker's own process, so that a test may put itself between yt-dlp and the world."""

    def close(self) -> None:
        pass


def install(monkeypatch: Patch, *, here: bool = False) -> None:
    """Let the worker use the stand-ins in this process.

    Args:
        here: sources are read in this process, too.
    """
    monkeypatch.setattr(loaded, "SpeechRecogniser", StandInRecogniser)
    monkeypatch.setattr(loaded, "Embedder", StandInEmbedder)
    if here:
        monkeypatch.setattr(shard, "IsolatedFetcher", FetcherHere)
    if LOAD_HANGS in os.environ:
        monkeypatch.setattr(ending, "STOP_SECONDS", 1.0)
