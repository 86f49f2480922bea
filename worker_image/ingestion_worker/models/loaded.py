"""The models of a worker: all on the device, or none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from ingestion_contract.metrics import OomKind, Stage
from ingestion_contract.spec import Captions, IngestionRunSpec
from ingestion_worker.device import Device
from ingestion_worker.device.errors import device_errors
from ingestion_worker.models.asr import SpeechRecogniser, Window, choose_model
from ingestion_worker.models.embed import Embedder
from ingestion_worker.models.model_source import check_path, model_errors
from ingestion_worker.output.commit import ModelNames
from ingestion_worker.output.transcript import Segment

ASR_FIELD = "spec.transcription.models"
EMBEDDER_FIELD = "spec.embedding.model"


class Models:
    """The speech model, unless the run only takes captions, and the embedder.

    Their libraries are imported with the first load: importing them takes seconds.

    Raises:
        ConfigurationError: no model fits the language, or a path leads nowhere.
    """

    def __init__(self, spec: IngestionRunSpec, device: Device, threads: int) -> None:
        self._spec = spec
        self._device = device
        self._threads = threads
        self._language = spec.source.languages[0]
        self._asr_name = choose_model(spec.transcription, self._language).model
        if self.transcribes:
            check_path(ASR_FIELD, self._asr_name)
        check_path(EMBEDDER_FIELD, spec.embedding.model)
        self._asr: SpeechRecogniser | None = None
        self._embedder: Embedder | None = None

    @property
    def transcribes(self) -> bool:
        """Whether there is a speech model: not where the run only takes captions."""
        return self._spec.source.captions is not Captions.ONLY

    @property
    def loaded(self) -> bool:
        """Whether all models are on the device."""
        return self._embedder is not None

    def load(self) -> None:
        """Load what is not loaded.

        Raises:
            OutOfDeviceMemory: a model does not fit; the others are still loaded.
            StickyDeviceFault, NodeUnusable, ConfigurationError: see `errors.device_errors`.
            ModelUnavailable, ConfigurationError: see `model_source.model_errors`.
        """
        if self._asr is None and self.transcribes:
            with self._loading(Stage.ASR, ASR_FIELD, self._asr_name):
                self._asr = SpeechRecogniser(
                    self._asr_name, self._language, self._spec.transcription, self._device.compute, self._threads
                )
        if self._embedder is None:
            with self._loading(Stage.EMBED, EMBEDDER_FIELD, self._spec.embedding.model):
                self._embedder = Embedder(self._spec.embedding, self._device.compute, self._threads)

    @contextmanager
    def _loading(self, stage: Stage, field: str, model: str) -> Iterator[None]:
        with device_errors(stage, OomKind.LOAD), self._device.load(stage), model_errors(field, model):
            yield

    def release(self) -> None:
        """Free the device memory of all models."""
        if self._embedder is not None:
            with self._device.unload(Stage.EMBED):
                self._embedder.unload()
                self._embedder = None
        if self._asr is not None:
            with self._device.unload(Stage.ASR):
                self._asr.unload()
                self._asr = None

    def transcribe(self, windows: Sequence[Window]) -> list[list[Segment]]:
        """Return the segments of each window, from one batch.

        Raises:
            OutOfDeviceMemory, StickyDeviceFault, NodeUnusable, ConfigurationError: see `errors.device_errors`.
        """
        assert self._asr is not None
        with device_errors(Stage.ASR, OomKind.BATCH), self._device.run(Stage.ASR, len(windows)):
            return self._asr.transcribe(windows)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a unit vector per text, from one batch, as an array of shape (texts, dimension).

        Raises:
            OutOfDeviceMemory, StickyDeviceFault, NodeUnusable, ConfigurationError: see `errors.device_errors`.
        """
        with device_errors(Stage.EMBED, OomKind.BATCH), self._device.run(Stage.EMBED, len(texts)):
            return self._loaded_embedder.encode(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of the embedder's tokens of each text."""
        return self._loaded_embedder.count_tokens(texts)

    @property
    def language(self) -> str:
        """The language that the speech model is told."""
        return self._language if self._asr is None else self._asr.language

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._loaded_embedder.dimension

    @property
    def names(self) -> ModelNames:
        """What records say of the models."""
        return ModelNames(
            asr=self._asr_name,
            asr_compute_type="" if self._asr is None else self._asr.compute_type,
            embedder=self._spec.embedding.model,
            embedder_compute_type=self._spec.embedding.compute_type.value,
        )

    @property
    def _loaded_embedder(self) -> Embedder:
        assert self._embedder is not None
        return self._embedder
