"""The committed model through faster-whisper itself: real words out of a clip."""

import random
import shutil
from itertools import islice

import numpy as np
import pytest
from faster_whisper import BatchedInferencePipeline, WhisperModel
from faster_whisper.audio import pad_or_trim

from dev.demo_model import MODEL
from dev.demo_model.evaluate import transcribe, word_error_rate
from dev.demo_model.speech import SAMPLE_RATE, Samples, draw_clip
from dev.demo_model.vocabulary import held_out_sentences

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed"),
]

SHIPPABLE = 0.25
LONGEST_TRANSCRIPT_TOKENS = 60


@pytest.fixture(scope="module")
def model() -> WhisperModel:
    return WhisperModel(str(MODEL), device="cpu", compute_type="int8", local_files_only=True)


@pytest.fixture(scope="module")
def clips() -> list[tuple[str, Samples]]:
    rng = random.Random(7)
    return [(text, draw_clip(text, rng).samples) for text in islice(held_out_sentences(7), 20)]


@pytest.mark.parametrize("timestamps", [False, True])
def test_it_hears_sentences_that_it_was_not_trained_on(
    model: WhisperModel, clips: list[tuple[str, Samples]], timestamps: bool
) -> None:
    pairs = [(text, transcribe(model, samples, timestamps)) for text, samples in clips]

    assert word_error_rate(pairs) < SHIPPABLE


def test_it_says_when_the_speech_starts_and_ends(model: WhisperModel) -> None:
    rng = random.Random(3)
    clips = [draw_clip(text, rng) for text in islice(held_out_sentences(3), 10)]
    features = np.stack([pad_or_trim(model.feature_extractor(clip.samples)[:, :-1]) for clip in clips])

    results = model.model.generate(model.encode(features), [["<|startoftranscript|>"]] * len(clips), beam_size=1)

    zero = model.hf_tokenizer.token_to_id("<|0.00|>")
    marks = [[(token - zero) * 0.02 for token in result.sequences_ids[0] if token >= zero] for result in results]
    off = [(abs(mark[0] - clip.start), abs(mark[-1] - clip.end)) for mark, clip in zip(marks, clips, strict=True)]
    assert np.median(off, axis=0) == pytest.approx([0, 0], abs=0.15)


def test_it_works_in_batches_of_one_file(model: WhisperModel, clips: list[tuple[str, Samples]]) -> None:
    pause = np.zeros(SAMPLE_RATE // 2, np.float32)
    spoken = [clip for text, samples in clips[:6] for clip in (samples, pause)]
    spans = np.cumsum([0, *(len(samples) for samples in spoken)]) / SAMPLE_RATE
    windows = [
        {"start": float(start), "end": float(end)} for start, end in zip(spans[0:-1:2], spans[1::2], strict=True)
    ]

    segments, _ = BatchedInferencePipeline(model).transcribe(
        np.concatenate(spoken), beam_size=1, batch_size=4, vad_filter=False, clip_timestamps=windows
    )

    heard = " ".join(segment.text.strip() for segment in segments)
    assert word_error_rate([(" ".join(text for text, _ in clips[:6]), heard)]) < SHIPPABLE


def test_it_works_in_batches_of_many_files(model: WhisperModel, clips: list[tuple[str, Samples]]) -> None:
    features = np.stack([pad_or_trim(model.feature_extractor(samples)[:, :-1]) for _, samples in clips[:8]])
    prompt = ["<|startoftranscript|>", "<|notimestamps|>"]

    results = model.model.generate(model.encode(features), [prompt] * 8, beam_size=1)

    heard = [model.hf_tokenizer.decode(result.sequences_ids[0]).strip() for result in results]
    assert word_error_rate([(text, said) for (text, _), said in zip(clips[:8], heard, strict=True)]) < SHIPPABLE


@pytest.mark.parametrize("timestamped", [False, True])
def test_greedy_decoding_ends_whatever_it_hears(
    model: WhisperModel, clips: list[tuple[str, Samples]], timestamped: bool
) -> None:
    rng = np.random.default_rng(0)
    seconds = SAMPLE_RATE * 10
    heard = [samples for _, samples in clips]
    heard += [np.zeros(seconds, np.float32), (rng.standard_normal(seconds) * 0.1).astype(np.float32)]
    heard += [np.concatenate([samples for _, samples in clips])[: SAMPLE_RATE * 28]]
    features = np.stack([pad_or_trim(model.feature_extractor(samples)[:, :-1]) for samples in heard])
    prompt = ["<|startoftranscript|>"] if timestamped else ["<|startoftranscript|>", "<|notimestamps|>"]

    results = model.model.generate(model.encode(features), [prompt] * len(heard), beam_size=1)

    assert max(len(result.sequences_ids[0]) for result in results) < LONGEST_TRANSCRIPT_TOKENS
