"""Speech recognition: one faster-whisper model, batches of windows of any videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingestion_contract.spec import LanguageModel, Transcription
from ingestion_worker.device import ComputeDevice
from ingestion_worker.media.audio import SAMPLE_RATE, Samples
from ingestion_worker.output.transcript import Segment
from ingestion_worker.steps.conclusion import ConfigurationError
from ingestion_worker.text.words import one_line


@dataclass(frozen=True)
class Window:
    """A window of a video's audio. `start` is its place in the video, in seconds."""

    samples: Samples
    start: float


def choose_model(transcription: Transcription, language: str) -> LanguageModel:
    """Return the first model whose languages fit.

    Raises:
        ConfigurationError: there is none.
    """
    for model in transcription.models:
        if language in model.languages or "*" in model.languages:
            return model
    raise ConfigurationError(
        f'spec.transcription.models has no model for the language "{language}" of spec.source.languages: add one, or '
        'one for "*"'
    )


class SpeechRecogniser:
    """A loaded model. Not for several threads at a time."""

    def __init__(self, model: str, language: str, transcription: Transcription, compute: ComputeDevice, threads: int):
        from faster_whisper import BatchedInferencePipeline, WhisperModel
        from faster_whisper.tokenizer import Tokenizer

        self._model = WhisperModel(
            model, device=compute, compute_type=transcription.compute_type.value, cpu_threads=threads
        )
        self._pipeline = BatchedInferencePipeline(self._model)
        multilingual = self._model.model.is_multilingual
        self.language = language if multilingual else "en"
        self._tokenizer = Tokenizer(self._model.hf_tokenizer, multilingual, task="transcribe", language=self.language)
        self._options = _options(self._tokenizer, transcription.beam_size)

    @property
    def compute_type(self) -> str:
        """The number type in use, which on a CPU may not be the one that was asked for."""
        return str(self._model.model.compute_type)

    def transcribe(self, windows: Sequence[Window]) -> list[list[Segment]]:
        """Return the segments of each window, with times in its video.

        Raises:
            RuntimeError: the device's errors, see `errors.classify`.
        """
        from faster_whisper.audio import pad_or_trim

        features = [pad_or_trim(self._model.feature_extractor(window.samples)[..., :-1]) for window in windows]
        metadata = [{"offset": window.start, "duration": len(window.samples) / SAMPLE_RATE} for window in windows]
        results = self._pipeline.forward(np.stack(features), self._tokenizer, metadata, self._options)
        return [[_segment(piece) for piece in result if piece["text"].strip()] for result in results]

    def unload(self) -> None:
        """Free the model's device memory; what CTranslate2's allocator keeps stays.

        Raises:
            RuntimeError: CTranslate2 kept the model, since a batch was running.
        """
        self._model.model.unload_model(to_cpu=False)
        if self._model.model.model_is_loaded:
            raise RuntimeError("the speech model was not unloaded: a batch is still running")


def _segment(piece: dict[str, object]) -> Segment:
    start, end = piece["start"], piece["end"]
    assert isinstance(start, int | float)
    assert isinstance(end, int | float)
    return Segment(start=float(start), end=float(end), text=one_line(str(piece["text"])))


def _options(tokenizer: object, beam_size: int) -> object:
    """Return the options of faster-whisper's batched pipeline: its defaults, without conditioning on earlier text."""
    from faster_whisper.transcribe import TranscriptionOptions, get_suppressed_tokens

    return TranscriptionOptions(
        beam_size=beam_size,
        best_of=5,
        patience=1,
        length_penalty=1,
        repetition_penalty=1,
        no_repeat_ngram_size=0,
        log_prob_threshold=-1.0,
        no_speech_threshold=0.6,
        compression_ratio_threshold=2.4,
        condition_on_previous_text=False,
        prompt_reset_on_temperature=0.5,
        temperatures=[0.0],
        initial_prompt=None,
        prefix=None,
        suppress_blank=True,
        suppress_tokens=get_suppressed_tokens(tokenizer, [-1]),
        without_timestamps=True,
        max_initial_timestamp=0.0,
        word_timestamps=False,
        prepend_punctuations="",
        append_punctuations="",
        multilingual=False,
        max_new_tokens=None,
        clip_timestamps=[],
        hallucination_silence_threshold=None,
        hotwords=None,
    )
