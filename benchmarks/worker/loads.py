"""What is transcribed: spoken sentences as short clips and as long files, the same on every machine."""

from __future__ import annotations

import hashlib
import io
import json
import random
import wave
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from dev.demo_model.speech import Delivery, draw_delivery, require_espeak, speak
from dev.demo_model.vocabulary import held_out_sentences

SEED = 2025
RATE = 22_050
"""Of espeak-ng."""

OPUS_RATE = 48_000
BIT_RATE = 32_000

SHORT_SECONDS = (3.0, 15.0)
PAUSE_SECONDS = (0.2, 1.0)

Samples = NDArray[np.int16]


@dataclass(frozen=True)
class Media:
    """A file, what is said in it, and how long it plays, in seconds."""

    path: Path
    text: str
    seconds: float


@dataclass(frozen=True)
class Load:
    """Files that a system transcribes in one go."""

    name: str
    media: tuple[Media, ...]

    @property
    def seconds(self) -> float:
        """Length of all files."""
        return sum(each.seconds for each in self.media)


def short_clips(root: Path, count: int = 200) -> Load:
    """Return clips of 3 to 15 s."""
    rng = random.Random(SEED)
    return Load("short-clips", _spoken(root, [rng.uniform(*SHORT_SECONDS) for _ in range(count)]))


def long_files(root: Path, minutes: Sequence[float] = (10, 12, 15, 20)) -> Load:
    """Return files of so many minutes."""
    return Load("long-files", _spoken(root, [60 * each for each in minutes]))


def sentences(root: Path, count: int = 100) -> Load:
    """Return clips of one sentence each: what the demonstration model has learnt to hear."""
    return Load("sentences", _spoken(root, [0.0] * count))


def one_file(root: Path, minutes: float) -> Load:
    """Return one file of so many minutes."""
    return Load(f"one-file-{minutes:g}-min", _spoken(root, [60 * minutes]))


def _spoken(root: Path, lengths: Sequence[float]) -> tuple[Media, ...]:
    require_espeak()
    root.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor() as pool:
        return tuple(pool.map(lambda job: _media(root, *job), enumerate(lengths)))


def _media(root: Path, number: int, seconds: float) -> Media:
    """Return a file of about so many seconds, made once: sentences of one voice with pauses between them."""
    name = hashlib.sha256(f"{SEED} {number} {seconds:.3f} {BIT_RATE}".encode()).hexdigest()[:16]
    path, about = root / f"{name}.opus", root / f"{name}.json"
    if not about.exists():
        samples, text = _speech(random.Random(name), seconds)
        path.write_bytes(_opus(samples))
        path.chmod(0o444)
        about.write_text(json.dumps({"text": text, "seconds": len(samples) / RATE}))
    known = json.loads(about.read_text())
    return Media(path, known["text"], known["seconds"])


def _speech(rng: random.Random, seconds: float) -> tuple[Samples, str]:
    delivery = draw_delivery(rng)
    sentences = held_out_sentences(rng.getrandbits(32))
    pieces: list[Samples] = []
    said: list[str] = []
    for sentence, samples in _pieces(sentences, delivery):
        pieces += [samples, np.zeros(int(rng.uniform(*PAUSE_SECONDS) * RATE), np.int16)]
        said.append(sentence)
        if sum(map(len, pieces)) >= seconds * RATE:
            break
    if len(said) > 1 and sum(map(len, pieces)) > SHORT_SECONDS[1] * RATE > seconds * RATE:
        pieces, said = pieces[:-2], said[:-1]
    return np.concatenate(pieces), " ".join(said)


def _pieces(sentences: Iterator[str], delivery: Delivery) -> Iterator[tuple[str, Samples]]:
    for sentence in sentences:
        with wave.open(io.BytesIO(speak(sentence, delivery))) as file:
            if file.getframerate() != RATE:
                raise RuntimeError(f"espeak-ng speaks at {file.getframerate()} Hz, not at {RATE}")
            yield sentence, np.frombuffer(file.readframes(2**31 - 1), np.int16)


def _opus(samples: Samples) -> bytes:
    encoded = io.BytesIO()
    with av.open(encoded, "w", format="ogg") as target:
        stream = target.add_stream("libopus", rate=OPUS_RATE, layout="mono")
        stream.bit_rate = BIT_RATE
        for first in range(0, len(samples), RATE):
            frame = av.AudioFrame.from_ndarray(samples[np.newaxis, first : first + RATE], format="s16", layout="mono")
            frame.sample_rate = RATE
            frame.pts = first
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return encoded.getvalue()
