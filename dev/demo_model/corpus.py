"""The training corpus: log-mel features of random clips, as faster-whisper computes them, in files of 1,000 clips."""

import itertools
import os
import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.typing import NDArray

from dev.demo_model.speech import draw_clip
from dev.demo_model.vocabulary import training_sentences

CLIPS_PER_FILE = 1_000
FRAMES_PER_SECOND = 100


@dataclass(frozen=True)
class Utterance:
    """Features of one clip (80 mel bands x frames of 10 ms), its text, and where its speech lies, in seconds."""

    features: NDArray[np.float16]
    text: str
    start: float
    end: float


def build(folder: Path, files: range) -> None:
    """Write the corpus files of these numbers that are not there yet, one process per core."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [number for number in files if not _path(folder, number).exists()]
    with ProcessPoolExecutor() as pool:
        for number in pool.map(_write_file, itertools.repeat(folder), missing):
            print(f"corpus: {number + 1} of {len(files)} files", flush=True)


def load(folder: Path) -> list[Utterance]:
    """Read all files of a corpus."""
    utterances: list[Utterance] = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as stored:
            pieces = np.split(stored["features"], stored["ends"][:-1], axis=1)
            columns = zip(pieces, stored["texts"], stored["starts_s"], stored["ends_s"], strict=True)
            utterances.extend(Utterance(f, str(text), float(start), float(end)) for f, text, start, end in columns)
    return utterances


def features_of(samples: NDArray[np.float32], extractor: FeatureExtractor) -> NDArray[np.float32]:
    """Log-mel features (80 x frames) exactly as faster-whisper hands them to its padding."""
    features: NDArray[np.float32] = extractor(samples)[:, :-1]
    return features


def _write_file(folder: Path, number: int) -> int:
    rng = random.Random(number)
    extractor = FeatureExtractor()
    texts = list(itertools.islice(training_sentences(seed=number), CLIPS_PER_FILE))
    clips = [draw_clip(text, rng) for text in texts]
    features = [features_of(clip.samples, extractor).astype(np.float16) for clip in clips]
    path = _path(folder, number)
    partial = path.with_suffix(f".{os.getpid()}")
    with partial.open("wb") as stream:
        np.savez(
            stream,
            features=np.concatenate(features, axis=1),
            ends=np.cumsum([f.shape[1] for f in features]),
            texts=np.array(texts),
            starts_s=np.array([clip.start for clip in clips]),
            ends_s=np.array([clip.end for clip in clips]),
        )
    partial.rename(path)
    return number


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:03d}.npz"
