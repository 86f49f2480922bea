"""What the worker's tests share: sample media, and a workspace."""

import wave
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

import numpy as np
import pytest
import stamina

from dev.sample_media.sentences import expected
from dev.sample_media.server import SampleServer
from ingestion_worker.media import audio
from ingestion_worker.source.retry import ATTEMPTS
from tests.worker.support.http_source import HttpSource
from tests.worker.support.in_process import Bench
from tests.worker.support.runs import Workspace
from tests.worker.support.stand_ins import StandInRecogniser, install

SAMPLE = 48


@pytest.fixture(scope="session")
def sample() -> Iterator[SampleServer]:
    """The first videos of the sample, with the one that was removed and the one that is corrupt."""
    with SampleServer(SAMPLE) as server:
        yield server


@pytest.fixture
def source() -> Iterator[HttpSource]:
    """A web server that answers as told."""
    with HttpSource() as server:
        yield server


@pytest.fixture(scope="session")
def long_speech(sample: SampleServer) -> bytes:
    """A WAV file of five minutes of speech, more than ten windows."""
    clips: list[audio.Samples] = []
    with TemporaryDirectory() as folder:
        for video in expected(SAMPLE).available:
            path = Path(folder) / "clip.opus"
            with urlopen(f"{sample.url}/media/{video.id}.opus", timeout=10) as answer:
                path.write_bytes(answer.read())
            clips += audio.stream(path)
    samples = np.concatenate(clips * 2)
    content = BytesIO()
    with wave.open(content, "wb") as file:
        file.setparams((1, 2, audio.SAMPLE_RATE, 0, "NONE", "NONE"))
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return content.getvalue()


@pytest.fixture(scope="session")
def half_an_hour(long_speech: bytes) -> bytes:
    """A WAV file of speech, with a long pause in the middle."""
    with wave.open(BytesIO(long_speech)) as file:
        speech = file.readframes(file.getnframes())
    pause = bytes(2 * 250 * audio.SAMPLE_RATE)
    content = BytesIO()
    with wave.open(content, "wb") as file:
        file.setparams((1, 2, audio.SAMPLE_RATE, 0, "NONE", "NONE"))
        file.writeframes(speech * 2 + pause + speech * 2 + speech[: len(speech) // 3 * 2])
    return content.getvalue()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace whose worker has stand-ins for models."""
    return Workspace(tmp_path)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A worker in this process, without a device, whose models are stand-ins; sources are read in it, too."""
    install(monkeypatch, here=True)
    monkeypatch.setattr(StandInRecogniser, "batches", [])
    return Bench(tmp_path)


@pytest.fixture
def quick_retries() -> Iterator[None]:
    """Retries without waiting."""
    with stamina.set_testing(True, attempts=ATTEMPTS, cap=True):
        yield
