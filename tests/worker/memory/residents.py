"""A worker's residency on a simulated GPU that takes no time, with stand-ins for the models."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np

from ingestion_contract.metrics import OomKind, Stage
from ingestion_worker.device.simulated import Conditions, create, physics
from ingestion_worker.device.simulated.device import SimulatedGpu
from ingestion_worker.media.features import FRAMES, FeatureSettings
from ingestion_worker.media.sections import Window
from ingestion_worker.media.windows import WINDOW_SECONDS, Span
from ingestion_worker.memory.batches import run_in_batches
from ingestion_worker.memory.limits_file import LimitsFile
from ingestion_worker.memory.residency import Residency
from ingestion_worker.models.loaded import Models
from ingestion_worker.telemetry.metrics import Metrics
from tests.worker.support.runs import run_of

GIB = physics.GIB
FLOOR = 8.6 * GIB
LONGEST_TEXT = 128
WINDOW = Window(np.zeros((FeatureSettings().mels, FRAMES), np.float32), (Span(0.0, WINDOW_SECONDS),))


@dataclass
class Resident:
    """A worker on a device.

    Attributes:
        heard: sizes of the batches of windows that worked.
        embedded: texts in the batches that worked.
    """

    folder: Path
    device: SimulatedGpu
    spec: dict[str, Any] = field(default_factory=dict)
    wait_seconds: float = 0.0

    def __post_init__(self) -> None:
        run = run_of(["http://unused"], **self.spec)
        self.stop = Event()
        self.metrics = Metrics(self.device, self.stop)
        self.models = Models(run.spec, self.device, 1, run.spec.transcription.models[0])
        self.limits = self.folder / f"limits-{id(self)}.json"
        self.residency = Residency(
            self.models, self.device, LimitsFile(self.limits), self.metrics, self.stop, self.wait_seconds
        )
        self.heard: list[int] = []
        self.embedded: list[int] = []

    def limit(self, **limits: int | dict[str, int]) -> None:
        self.limits.write_text(json.dumps({"revision": 1, **limits}))

    def hear(self, count: int) -> None:
        """Hear so many windows, as the device's loop does."""
        self.residency.ensure(Stage.ASR)
        run_in_batches([WINDOW] * count, self._transcribe, self.residency.pilot(Stage.ASR))

    def embed(self, texts: Sequence[str]) -> list[Any]:
        """Embed texts, as the device's loop does."""
        self.residency.ensure(Stage.EMBED)
        return run_in_batches(texts, self._embed, self.residency.pilot(Stage.EMBED))

    def oom_events(self, stage: Stage, kind: OomKind) -> float:
        return self.metrics.registry.get_sample_value("ingestion_oom_events_total", {"stage": stage, "kind": kind}) or 0

    @property
    def floor(self) -> float:
        return self.metrics.registry.get_sample_value("ingestion_memory_floor_bytes") or 0

    @property
    def own(self) -> int:
        """What the ledger, rather than the worker, says."""
        with self.device._ledger.open() as state:
            return self.device._own(state).bytes

    def _transcribe(self, windows: Sequence[Window]) -> Sequence[Any]:
        texts = self.models.transcribe(windows, "en")
        self.heard.append(len(windows))
        return texts

    def _embed(self, texts: Sequence[str]) -> Sequence[Any]:
        vectors = list(self.models.embed(texts))
        self.embedded.append(len(texts))
        return vectors


Settle = Callable[..., Resident]


@dataclass
class Card:
    """A simulated GPU on which workers settle."""

    folder: Path

    def make(self, gib: float, **conditions: Any) -> Card:
        create(self.folder, int(gib * GIB), conditions=Conditions(**conditions))
        return self

    def worker(self, *, wait_seconds: float = 0.0, **spec: Any) -> Resident:
        return Resident(self.folder, SimulatedGpu(self.folder), spec, wait_seconds)
