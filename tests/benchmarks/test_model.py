"""The model that is timed: every system decodes the same number of tokens per window, whatever it hears."""

from pathlib import Path

import numpy as np
import pytest
from faster_whisper import BatchedInferencePipeline, WhisperModel
from numpy.typing import NDArray

from benchmarks.worker import model, vocabulary

TOKENS = 7


@pytest.fixture(scope="module")
def timed(tmp_path_factory: pytest.TempPathFactory) -> WhisperModel:
    folder = model.folder(tmp_path_factory.mktemp("models"), TOKENS)
    return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)


def noise(seconds: float, seed: int) -> NDArray[np.float32]:
    samples: NDArray[np.float32] = np.random.default_rng(seed).normal(0, 0.1, int(16_000 * seconds)).astype(np.float32)
    return samples


def test_it_has_the_size_of_english_whisper(timed: WhisperModel) -> None:
    assert not timed.model.is_multilingual
    assert vocabulary.build().get_vocab_size() == 51_864


def test_one_window_after_the_other_has_so_many_words_each(timed: WhisperModel) -> None:
    heard, _ = timed.transcribe(
        noise(70, 1), without_timestamps=True, condition_on_previous_text=False, temperature=[0.0], beam_size=1
    )
    assert [len(segment.text.split()) for segment in heard] == [TOKENS] * 3


def test_so_has_each_window_of_a_batch(timed: WhisperModel) -> None:
    clips = [{"start": float(start), "end": float(start + 5)} for start in range(0, 20, 5)]
    pipeline = BatchedInferencePipeline(timed)
    heard, _ = pipeline.transcribe(
        noise(20, 2), clip_timestamps=clips, vad_filter=False, batch_size=3, without_timestamps=True, beam_size=1
    )
    assert [len(segment.text.split()) for segment in heard] == [TOKENS] * 4


def test_no_guard_against_poor_text_is_called_upon(timed: WhisperModel) -> None:
    heard, _ = timed.transcribe(noise(5, 3), without_timestamps=True, temperature=[0.0], beam_size=1)
    (segment,) = heard
    assert segment.avg_logprob > -1.0
    assert segment.compression_ratio < 2.4
    assert segment.no_speech_prob < 0.6


def test_one_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    made = tmp_path / f"whisper-tiny.en-random-{TOKENS}-tokens"
    made.mkdir()
    assert model.folder(tmp_path, TOKENS) == made
    assert not list(made.iterdir())
