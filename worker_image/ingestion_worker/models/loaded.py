"""The models of a worker: all on the device, or none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from ingestion_contract.metrics import OomKind, Stage
from ingestion_contract.spec import Captions, IngestionRunSpec, LanguageModel
from ingestion_worker.device import Device
from ingestion_worker.device.errors import device_errors
from ingestion_worker.media.features import FeatureSettings
from ingestion_worker.media.sections import Window
from ingestion_worker.models.asr import SpeechRecogniser, WindowText
from ingestion_worker.models.embed import Embedder
from ingestion_worker.models.model_source import check_path, model_errors
from ingestion_worker.output.transcript import AsrModel
from ingestion_worker.output.vectors import EmbedModel

ASR_FIELD = "spec.transcription.models"
EMBEDDER_FIELD = "spec.embedding.model"


class Models:
    """The speech model, unless the run only takes captions, and the embedder.

    Their libraries are imported with the first load: importing them takes seconds.

    Raises:
        ConfigurationError: a path leads nowhere.
    """

    def __init__(self, spec: IngestionRunSpec, device: Device, threads: int, speech_model: LanguageModel) -> None:
        self._spec = spec
        self._device = device
        self._threads = threads
        self._asr_name = speech_model.model
        if self.transcribes:
            check_path(ASR_FIELD, self._asr_name)
        check_path(EMBEDDER_FIELD, spec.embedding.model)
        self._asr: SpeechRecogniser | None = None
        self._features = FeatureSettings()
        self._embedder: Embedder | None = None

    @property
    def transcribes(self) -> bool:
        """Whether there is a speech model: not where the run only takes captions."""
        return self._spec.source.captions is not Captions.ONLY

    @property
    def loaded(self) -> bool:
        """Whether all models are on the device."""
        return self._embedder is not None and (self._asr is not None or not self.transcribes)

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
                    self._asr_name, self._spec.transcription, self._device.compute, self._threads
                )
                self._features = self._asr.features
        if self._embedder is None:
            with self._loading(Stage.EMBED, EMBEDDER_FIELD, self._spec.embedding.model):
                self._embedder = Embedder(self._spec.embedding, self._device.compute, self._threads)

    @contextmanager
    def _loading(self, stage: Stage, field: str, model: str) -> Iterator[None]:
        with device_errors(stage, OomKind.LOAD), self._device.load(stage), model_errors(field, model):
            yield

    def switch(self, speech_model: LanguageModel) -> None:
        """Take another speech model from now on; the one that is loaded is released."""
        self._release_asr()
        self._asr_name = speech_model.model

    def release(self) -> None:
        """Free the device memory of all models."""
        if self._embedder is not None:
            with self._device.unload(Stage.EMBED):
                self._embedder.unload()
                self._embedder = None
        self._release_asr()

    def _release_asr(self) -> None:
        if self._asr is not None:
            with self._device.unload(Stage.ASR):
                self._asr.unload()
                self._asr = None

    def transcribe(self, windows: Sequence[Window], language: str) -> list[WindowText]:
        """Return what was heard in each window, from one batch.

        Raises:
            OutOfDeviceMemory, StickyDeviceFault, NodeUnusable, ConfigurationError: see `errors.device_errors`.
        """
        with device_errors(Stage.ASR, OomKind.BATCH), self._device.run(Stage.ASR, len(windows)):
            return self._loaded_asr.transcribe(windows, language)

    def detect_language(self, windows: Sequence[Window]) -> list[tuple[str, float]]:
        """Return the language of each window and how probable it is, from one batch.

        Raises:
            OutOfDeviceMemory, StickyDeviceFault, NodeUnusable, ConfigurationError: see `errors.device_errors`.
        """
        with device_errors(Stage.ASR, OomKind.BATCH), self._device.run(Stage.ASR, len(windows)):
            return self._loaded_asr.detect_language(windows)

    def silence(self) -> Window:
        """Return a full window without speech, to measure with."""
        return self._loaded_asr.silence()

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
    def features(self) -> FeatureSettings:
        """What the speech model takes; known once it has been loaded."""
        return self._features

    @property
    def multilingual(self) -> bool:
        """Whether the speech model hears other languages than English."""
        return self._loaded_asr.multilingual

    @property
    def asr_model(self) -> AsrModel:
        """What records say of the speech model."""
        return self._loaded_asr.model

    @property
    def embed_model(self) -> EmbedModel:
        """What records say of the embedder."""
        embedding = self._spec.embedding
        return EmbedModel(embedding.model, self._loaded_embedder.revision, embedding.compute_type.value)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._loaded_embedder.dimension

    @property
    def _loaded_asr(self) -> SpeechRecogniser:
        assert self._asr is not None
        return self._asr

    @property
    def _loaded_embedder(self) -> Embedder:
        assert self._embedder is not None
        return self._embedder
