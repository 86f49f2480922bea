"""The models of a worker: those of both stages on the device, of one, or none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from ingestion_contract.metrics import OomKind, Stage
from ingestion_contract.spec import Captions, IngestionRunSpec, LanguageModel, TranscriptionComputeType
from ingestion_worker.device import Device
from ingestion_worker.device.errors import device_errors
from ingestion_worker.media.features import FeatureSettings
from ingestion_worker.media.sections import Window
from ingestion_worker.models.asr import SpeechRecogniser, WindowText
from ingestion_worker.models.embed import Embedder, compute_type, empty_cache
from ingestion_worker.models.model_source import check_path, model_errors
from ingestion_worker.output.transcript import AsrModel
from ingestion_worker.output.vectors import EmbedModel

ASR_FIELD = "spec.transcription.models"
EMBEDDER_FIELD = "spec.embedding.model"

LANGUAGE_TO_MEASURE_WITH = "en"

SMALLER_COMPUTE_TYPES = {
    TranscriptionComputeType.FLOAT32: TranscriptionComputeType.INT8,
    TranscriptionComputeType.FLOAT16: TranscriptionComputeType.INT8_FLOAT16,
    TranscriptionComputeType.BFLOAT16: TranscriptionComputeType.INT8_FLOAT16,
}
"""Of the speech model, by the run's own; others are as small as it gets."""


class Models:
    """The speech model, unless the run only takes captions, and the embedder.

    Their libraries are imported with the first load: importing them takes seconds. What is known of a model once it
    has been loaded is known from then on, also while it is not on the device.

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
        self._embedder: Embedder | None = None
        self._smaller = False
        self._features = FeatureSettings()
        self._multilingual = False
        self._asr_model: AsrModel | None = None
        self._embed_model: EmbedModel | None = None
        self._dimension = 0
        self._longest_text = spec.embedding.max_sequence_length
        self._text_tokens: dict[str, int] = {}

    @property
    def transcribes(self) -> bool:
        """Whether there is a speech model: not where the run only takes captions."""
        return self._spec.source.captions is not Captions.ONLY

    @property
    def stages(self) -> frozenset[Stage]:
        """The stages that this run has a model for."""
        return frozenset({Stage.ASR, Stage.EMBED} if self.transcribes else {Stage.EMBED})

    @property
    def loaded(self) -> frozenset[Stage]:
        """The stages whose models are on the device."""
        held = {Stage.ASR: self._asr, Stage.EMBED: self._embedder}
        return frozenset(stage for stage, model in held.items() if model is not None)

    def load(self, stages: frozenset[Stage]) -> None:
        """Load the models of these stages, and unload the others first.

        Raises:
            OutOfDeviceMemory: a model does not fit; what was loaded before it still is.
            PodTooSmall, StickyDeviceFault, NodeUnusable, ConfigurationError: see `errors.device_errors`.
            ModelUnavailable, ConfigurationError: see `model_source.model_errors`.
        """
        self._unload(self.loaded - stages)
        if Stage.ASR in stages - self.loaded:
            with self._loading(Stage.ASR, ASR_FIELD, self._asr_name):
                self._load_asr()
        if Stage.EMBED in stages - self.loaded:
            with self._loading(Stage.EMBED, EMBEDDER_FIELD, self._spec.embedding.model):
                self._load_embedder()

    def release(self) -> None:
        """Free the device memory of all models, and what a load that failed half way has left in torch's cache."""
        self._unload(self.loaded | {Stage.EMBED})

    @contextmanager
    def _loading(self, stage: Stage, field: str, model: str) -> Iterator[None]:
        smaller = self._smaller and stage is Stage.ASR
        with (
            device_errors(stage, OomKind.LOAD),
            self._device.load(stage, smaller=smaller),
            model_errors(field, model),
        ):
            yield

    def _load_asr(self) -> None:
        wanted = self._spec.transcription.compute_type
        self._asr = SpeechRecogniser(
            self._asr_name,
            self._spec.transcription,
            self._device.compute,
            self._threads,
            SMALLER_COMPUTE_TYPES[wanted].value if self._smaller else None,
        )
        self._features = self._asr.features
        self._multilingual = self._asr.multilingual
        self._asr_model = self._asr.model

    def _load_embedder(self) -> None:
        embedding, compute = self._spec.embedding, self._device.compute
        self._embedder = Embedder(embedding, compute, self._threads)
        self._dimension = self._embedder.dimension
        self._longest_text = self._embedder.max_tokens
        self._embed_model = EmbedModel(embedding.model, self._embedder.revision, compute_type(embedding, compute).value)

    def _unload(self, stages: frozenset[Stage]) -> None:
        if Stage.EMBED in stages:
            with self._device.unload(Stage.EMBED):
                if self._embedder is not None:
                    self._embedder.unload()
                self._embedder = None
                empty_cache(self._device.compute)
        if Stage.ASR in stages and self._asr is not None:
            with self._device.unload(Stage.ASR):
                self._asr.unload()
                self._asr = None

    def switch(self, speech_model: LanguageModel) -> None:
        """Take another speech model from now on; the one that is loaded is released."""
        self._unload(frozenset({Stage.ASR}))
        self._asr_name = speech_model.model

    @property
    def may_shrink(self) -> bool:
        """Whether the run allows the speech model to be loaded in a smaller compute type, and there is one."""
        return self._spec.memory.allow_smaller_compute_type and (
            self._spec.transcription.compute_type in SMALLER_COMPUTE_TYPES
        )

    def shrink(self) -> None:
        """Load the speech model in a smaller compute type from now on; the one that is loaded is released."""
        self._unload(frozenset({Stage.ASR}))
        self._smaller = True

    def trim(self) -> None:
        """Give back what the embedder keeps of earlier batches."""
        with self._device.trim(Stage.EMBED):
            empty_cache(self._device.compute)

    def transcribe(self, windows: Sequence[Window], language: str) -> list[WindowText]:
        """Return what was heard in each window, from one batch.

        Raises:
            OutOfDeviceMemory, PodTooSmall, StickyDeviceFault, NodeUnusable, ConfigurationError: see
            `errors.device_errors`.
        """
        with device_errors(Stage.ASR, OomKind.BATCH), self._device.run(Stage.ASR, len(windows)):
            return self._loaded_asr.transcribe(windows, language)

    def detect_language(self, windows: Sequence[Window]) -> list[tuple[str, float]]:
        """Return the language of each window and how probable it is, from one batch.

        Raises:
            see `transcribe`.
        """
        with device_errors(Stage.ASR, OomKind.BATCH), self._device.run(Stage.ASR, len(windows)):
            return self._loaded_asr.detect_language(windows)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a unit vector per text, from one batch, as an array of shape (texts, dimension).

        Raises:
            see `transcribe`.
        """
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        padded = len(texts) * max(self.text_tokens(texts))
        with device_errors(Stage.EMBED, OomKind.BATCH), self._device.run(Stage.EMBED, padded):
            return self._loaded_embedder.encode(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of the embedder's tokens of each text."""
        return self._loaded_embedder.count_tokens(texts)

    def text_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens of each text the embedder takes, at least 1: longer ones are cut.

        The counts of the latest call are kept, since texts are counted for a batch, and again in it.
        """
        if not all(text in self._text_tokens for text in texts):
            counted = zip(texts, self.count_tokens(texts), strict=True)
            self._text_tokens = {text: max(1, min(tokens, self.longest_text)) for text, tokens in counted}
        return [self._text_tokens[text] for text in texts]

    @property
    def longest_text(self) -> int:
        """Tokens of the longest text that the embedder takes; known once it has been loaded."""
        return self._longest_text

    @property
    def chunk_tokens(self) -> int:
        """Length of a chunk, in the embedder's tokens: the run's, and no more than the embedder reads."""
        return self._loaded_embedder.chunk_tokens

    def rehearse_hearing(self, count: int) -> None:
        """Hear so many full windows, to measure what they need.

        Raises:
            see `transcribe`.
        """
        self.transcribe([self._loaded_asr.silence()] * count, LANGUAGE_TO_MEASURE_WITH)

    def rehearse_doubt(self) -> None:
        """Hear a full window once more, as those that are doubted are, to measure what that needs.

        Raises:
            see `transcribe`.
        """
        with device_errors(Stage.ASR, OomKind.BATCH), self._device.run(Stage.ASR, 1, watch=True):
            self._loaded_asr.hear_in_doubt(self._loaded_asr.silence(), LANGUAGE_TO_MEASURE_WITH)

    def rehearse_embedding(self, count: int) -> None:
        """Embed so many texts of the greatest length, to measure what they need.

        Raises:
            see `transcribe`.
        """
        self.embed([" ".join(["measure"] * self.longest_text)] * count)

    @property
    def features(self) -> FeatureSettings:
        """What the speech model takes; known once it has been loaded."""
        return self._features

    @property
    def multilingual(self) -> bool:
        """Whether the speech model hears other languages than English; known once it has been loaded."""
        return self._multilingual

    @property
    def asr_model(self) -> AsrModel:
        """What records say of the speech model."""
        assert self._asr_model is not None
        return self._asr_model

    @property
    def embed_model(self) -> EmbedModel:
        """What records say of the embedder."""
        assert self._embed_model is not None
        return self._embed_model

    @property
    def dimension(self) -> int:
        """Length of a vector; known once the embedder has been loaded."""
        return self._dimension

    @property
    def _loaded_asr(self) -> SpeechRecogniser:
        assert self._asr is not None
        return self._asr

    @property
    def _loaded_embedder(self) -> Embedder:
        assert self._embedder is not None
        return self._embedder
