"""Speech of espeak-ng: a sentence in, 16 kHz samples out; voice, pace, silence and noise are drawn at random."""

import io
import random
import shutil
import subprocess
from dataclasses import dataclass

import numpy as np
from faster_whisper.audio import decode_audio
from numpy.typing import NDArray

SAMPLE_RATE = 16_000

TRAINING_VOICES = (
    "en-us", "en-us+m1", "en-us+m3", "en-us+m6", "en-us+f2", "en-us+f4", "en-us-nyc", "en-us-nyc+f1",
    "en-gb", "en-gb+m2", "en-gb+m4", "en-gb+f1", "en-gb+f3", "en-gb-x-rp", "en-gb-x-rp+m3", "en-gb-x-rp+f2",
)  # fmt: skip
HELD_OUT_VOICES = ("en-us+m7", "en-us+f5", "en-gb+m5", "en-gb-x-gbclan")

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Delivery:
    """How a sentence is spoken: espeak-ng's voice, its pace in words per minute, its pitch (0 to 99)."""

    voice: str
    words_per_minute: int
    pitch: int


@dataclass(frozen=True)
class Clip:
    """16 kHz mono samples, and where in them the speech starts and ends, in seconds."""

    samples: Samples
    start: float
    end: float


def draw_delivery(rng: random.Random, voices: tuple[str, ...] = TRAINING_VOICES) -> Delivery:
    """Draw one of the voices at 135 to 205 words per minute and a pitch of 35 to 65."""
    return Delivery(rng.choice(voices), rng.randint(135, 205), rng.randint(35, 65))


def require_espeak() -> None:
    """Check that espeak-ng can be run.

    Raises:
        RuntimeError: espeak-ng is not installed.
    """
    if shutil.which("espeak-ng") is None:
        raise RuntimeError("espeak-ng is not installed: sudo apt-get install espeak-ng")


def speak(text: str, delivery: Delivery) -> bytes:
    """Return the sentence as a WAV file (22.05 kHz).

    Raises:
        RuntimeError: espeak-ng is not installed, or refuses the voice.
    """
    require_espeak()
    command = ["espeak-ng", "-v", delivery.voice, "-s", str(delivery.words_per_minute), "-p", str(delivery.pitch)]
    done = subprocess.run([*command, "--stdout", text], capture_output=True, check=False)
    if done.returncode != 0 or done.stderr:
        raise RuntimeError(f"espeak-ng cannot speak with voice {delivery.voice!r}: {done.stderr.decode().strip()}")
    return done.stdout


def draw_clip(text: str, rng: random.Random, voices: tuple[str, ...] = TRAINING_VOICES) -> Clip:
    """Speak a sentence as a recording might hold it: silence around it or none, its own loudness, some noise."""
    speech = decode_audio(io.BytesIO(speak(text, draw_delivery(rng, voices))), SAMPLE_RATE)
    voiced = np.flatnonzero(np.abs(speech) > 0.02 * np.abs(speech).max())
    speech = speech[: voiced[-1] + SAMPLE_RATE // 20]
    before = np.zeros(_silence(rng), np.float32)
    after = np.zeros(_silence(rng), np.float32)
    samples = np.concatenate([before, speech, after]) * np.float32(rng.uniform(0.3, 1.0))
    start, end = (len(before) + voiced[0]) / SAMPLE_RATE, (len(before) + voiced[-1]) / SAMPLE_RATE
    return Clip(with_noise(samples, rng), float(start), float(end))


def with_noise(samples: Samples, rng: random.Random) -> Samples:
    """Add white noise to two clips in three, 20 to 50 dB below their loudest sample."""
    if rng.random() < 1 / 3:
        return samples
    level = np.abs(samples).max() * 10 ** (-rng.uniform(20, 50) / 20)
    noise = np.random.default_rng(rng.getrandbits(32)).standard_normal(len(samples))
    noisy: Samples = (samples + level * noise / 3).astype(np.float32)
    return noisy


def _silence(rng: random.Random) -> int:
    return 0 if rng.random() < 0.4 else int(rng.uniform(0, 0.9) * SAMPLE_RATE)
