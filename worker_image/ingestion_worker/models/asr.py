"""Speech recognition: one faster-whisper model, batches of windows of any videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from ingestion_contract.records import Segment, Word
from ingestion_contract.spec import Transcription
from ingestion_worker.device import ComputeDevice
from ingestion_worker.media.features import FRAMES, FeatureSettings
from ingestion_worker.media.sections import Window
from ingestion_worker.media.windows import WINDOW_SECONDS, Span
from ingestion_worker.output.transcript import AsrModel
from ingestion_worker.text.words import one_line

ENGLISH = "en"

MAX_COMPRESSION_RATIO = 2.4
"""Above it a text repeats itself. These three are faster-whisper's own guards against hallucination."""

MIN_LOG_PROBABILITY = -1.0
"""Below it, as a mean over the tokens, the model is guessing."""

MAX_NO_SPEECH = 0.6
"""A guess with more than this probability of silence is silence."""

LEAST_WORD_SECONDS = 0.04
"""Nobody speaks 25 words a second: an alignment that says so has failed, as it does where attention is exactly zero."""

SENTENCE_ENDS = (".", "?", "!", "\u3002", "\uff1f", "\uff01")

PREPENDED = "\"'\u201c\u00bf([{-"
APPENDED = "\"'.\u3002,\uff0c!\uff01?\uff1f:\uff1a\u201d)]}\u3001"
"""Punctuation that belongs to the word after it, and before it: faster-whisper's."""

PAUSE_SECONDS = 1.0
"""A silence between words that ends a segment."""


@dataclass(frozen=True)
class Decoding:
    """How the decoder searches."""

    beam_size: int
    repetition_penalty: float = 1.0
    no_repeat_ngram_size: int = 0


FALLBACKS = (Decoding(beam_size=5), Decoding(beam_size=5, repetition_penalty=1.1, no_repeat_ngram_size=3))
"""For windows that the guards doubt, in turn. faster-whisper samples at rising temperatures instead, so that the same
audio gives another text each time, and a run that was resumed would differ from one that was not."""


@dataclass(frozen=True)
class WindowText:
    """What was heard in a window; nothing, where it is silence. `tokens` are the model's."""

    segments: tuple[Segment, ...]
    tokens: tuple[int, ...]


@dataclass(frozen=True)
class _Timed:
    """A word, and how it is written after the one before: with a space in front, or without as in Chinese."""

    word: Word
    written: str


@dataclass(frozen=True)
class _Hypothesis:
    tokens: list[int]
    log_probability: float
    compression_ratio: float
    no_speech: float
    segments: tuple[Segment, ...]

    @property
    def silent(self) -> bool:
        return self.no_speech > MAX_NO_SPEECH and self.log_probability < MIN_LOG_PROBABILITY

    @property
    def repetitive(self) -> bool:
        return self.compression_ratio > MAX_COMPRESSION_RATIO

    @property
    def doubtful(self) -> bool:
        return not self.silent and (self.repetitive or self.log_probability < MIN_LOG_PROBABILITY)


class SpeechRecogniser:
    """A loaded model. Not for several threads at a time.

    Args:
        model: a faster-whisper name, a hub repository, or a folder.
        compute_type: in place of the run's own.
    """

    def __init__(
        self,
        model: str,
        transcription: Transcription,
        compute: ComputeDevice,
        threads: int,
        compute_type: str | None = None,
    ) -> None:
        from faster_whisper import WhisperModel
        from faster_whisper.utils import download_model

        folder = model if Path(model).is_dir() else download_model(model)
        self._model = WhisperModel(
            folder, device=compute, compute_type=compute_type or transcription.compute_type.value, cpu_threads=threads
        )
        self._plain = Decoding(transcription.beam_size)
        self._word_times = transcription.word_times
        self._tokenizers: dict[str, Any] = {}
        extractor = self._model.feature_extractor
        self.features = FeatureSettings(len(extractor.mel_filters), extractor.n_fft, extractor.hop_length)
        self.model = AsrModel(model, _revision(Path(folder)), str(self._model.model.compute_type))

    @property
    def multilingual(self) -> bool:
        """Whether the model hears other languages than English."""
        return bool(self._model.model.is_multilingual)

    def silence(self) -> Window:
        """Return a full window without speech, to measure with."""
        return Window(np.zeros((self.features.mels, FRAMES), np.float32), (Span(0.0, WINDOW_SECONDS),))

    def transcribe(self, windows: Sequence[Window], language: str) -> list[WindowText]:
        """Return what was heard in each window, with times in its video.

        Raises:
            RuntimeError: the device's errors, see `device.errors.classify`.
        """
        heard = self._attempt(windows, language, self._plain)
        for fallback in FALLBACKS:
            doubtful = [index for index, hypothesis in enumerate(heard) if hypothesis.doubtful]
            for group in _groups(doubtful, max(1, len(windows) // fallback.beam_size)):
                again = self._attempt([windows[index] for index in group], language, fallback)
                for index, hypothesis in zip(group, again, strict=True):
                    heard[index] = _better(heard[index], hypothesis)
        return [_text(hypothesis) for hypothesis in heard]

    def hear_in_doubt(self, window: Window, language: str) -> None:
        """Hear a window the way that takes most memory, as the last resort for those that the guards doubt.

        Raises:
            RuntimeError: the device's errors, see `device.errors.classify`.
        """
        self._attempt([window], language, FALLBACKS[-1])

    def detect_language(self, windows: Sequence[Window]) -> list[tuple[str, float]]:
        """Return the language of each window, and how probable it is, 0 to 1. For multilingual models.

        Raises:
            RuntimeError: the device's errors, see `device.errors.classify`.
        """
        results = self._model.model.detect_language(self._encode(windows))
        return [(str(found[0][0]).strip("<|>"), float(found[0][1])) for found in results]

    def unload(self) -> None:
        """Free the model's device memory; what CTranslate2's allocator keeps stays.

        Raises:
            RuntimeError: CTranslate2 kept the model, since a batch was running.
        """
        self._model.model.unload_model(to_cpu=False)
        if self._model.model.model_is_loaded:
            raise RuntimeError("the speech model was not unloaded: a batch is still running")

    def _encode(self, windows: Sequence[Window]) -> Any:
        return self._model.encode(np.stack([window.features for window in windows]))

    def _attempt(self, windows: Sequence[Window], language: str, decoding: Decoding) -> list[_Hypothesis]:
        tokenizer = self._tokenizer(language)
        encoded = self._encode(windows)
        results = self._model.model.generate(
            encoded,
            [self._model.get_prompt(tokenizer, [], without_timestamps=True)] * len(windows),
            beam_size=decoding.beam_size,
            repetition_penalty=decoding.repetition_penalty,
            no_repeat_ngram_size=decoding.no_repeat_ngram_size,
            max_length=self._model.max_length,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=_suppressed(tokenizer),
        )
        tokens = [[token for token in result.sequences_ids[0] if token < tokenizer.eot] for result in results]
        words = self._words(windows, tokens, encoded, tokenizer) if self._word_times else [()] * len(windows)
        return [
            _hypothesis(window, result, spoken, timed, tokenizer)
            for window, result, spoken, timed in zip(windows, results, tokens, words, strict=True)
        ]

    def _words(
        self, windows: Sequence[Window], tokens: Sequence[list[int]], encoded: Any, tokenizer: Any
    ) -> list[Sequence[_Timed]]:
        """Return the words of each window with their times, by the attention of the decoder's alignment heads."""
        from faster_whisper.transcribe import merge_punctuations

        frames = [ceil(window.seconds * self._model.frames_per_second) for window in windows]
        alignments = self._model.find_alignment(tokenizer, list(tokens), encoded, frames)
        for alignment in alignments:
            merge_punctuations(alignment, PREPENDED, APPENDED)
        return [_timed(window, alignment) for window, alignment in zip(windows, alignments, strict=True)]

    def _tokenizer(self, language: str) -> Any:
        from faster_whisper.tokenizer import Tokenizer

        if language not in self._tokenizers:
            spoken = language if self.multilingual else ENGLISH
            self._tokenizers[language] = Tokenizer(
                self._model.hf_tokenizer, self.multilingual, task="transcribe", language=spoken
            )
        return self._tokenizers[language]


def _revision(folder: Path) -> str | None:
    """Return the hub's commit, after which its cache names a model's folder."""
    return folder.name if folder.parent.name == "snapshots" else None


def _suppressed(tokenizer: Any) -> list[int]:
    from faster_whisper.transcribe import get_suppressed_tokens

    return list(get_suppressed_tokens(tokenizer, [-1]))


def _groups(indices: Sequence[int], size: int) -> list[Sequence[int]]:
    return [indices[first : first + size] for first in range(0, len(indices), size)]


def _better(old: _Hypothesis, new: _Hypothesis) -> _Hypothesis:
    """Return the one that does not repeat itself, and of two such, the likelier."""
    return max(old, new, key=lambda hypothesis: (not hypothesis.repetitive, hypothesis.log_probability))


def _text(hypothesis: _Hypothesis) -> WindowText:
    if hypothesis.silent:
        return WindowText((), ())
    return WindowText(hypothesis.segments, tuple(hypothesis.tokens))


def _hypothesis(window: Window, result: Any, tokens: list[int], words: Sequence[_Timed], tokenizer: Any) -> _Hypothesis:
    from faster_whisper.transcribe import get_compression_ratio

    text = tokenizer.decode(tokens).strip()
    length = len(result.sequences_ids[0])
    log_probability = result.scores[0] * length / (length + 1)
    return _Hypothesis(
        tokens=tokens,
        log_probability=log_probability,
        compression_ratio=get_compression_ratio(text) if text else 0.0,
        no_speech=result.no_speech_prob,
        segments=_segments(window, text, words, log_probability),
    )


def _timed(window: Window, alignment: Sequence[dict[str, Any]]) -> list[_Timed]:
    """Return words with times in the video, none outside its window; no words where the alignment has failed."""
    if alignment and alignment[-1]["end"] - alignment[0]["start"] < LEAST_WORD_SECONDS * len(alignment):
        return []
    return [
        _Timed(
            Word(
                start=window.in_video(float(timing["start"])),
                end=window.in_video(float(timing["end"])),
                text=one_line(str(timing["word"])),
            ),
            str(timing["word"]),
        )
        for timing in alignment
        if str(timing["word"]).strip()
    ]


def _segments(window: Window, text: str, words: Sequence[_Timed], confidence: float) -> tuple[Segment, ...]:
    """Return the text as segments: one a sentence where the times of words are known, else one a window."""
    if not text:
        return ()
    if not words:
        return (Segment(start=window.start, end=window.end, text=one_line(text), confidence=confidence),)
    return tuple(_sentence(timed, confidence) for timed in _sentences(words))


def _sentence(timed: Sequence[_Timed], confidence: float) -> Segment:
    words = [each.word for each in timed]
    return Segment(
        start=words[0].start,
        end=max(word.end for word in words),
        text=one_line("".join(each.written for each in timed)),
        words=words,
        confidence=confidence,
    )


def _sentences(timed: Sequence[_Timed]) -> list[list[_Timed]]:
    sentences = [[timed[0]]]
    for before, after in pairwise(timed):
        pause = after.word.start - before.word.end
        if before.word.text.endswith(SENTENCE_ENDS) or pause > PAUSE_SECONDS:
            sentences.append([])
        sentences[-1].append(after)
    return sentences
