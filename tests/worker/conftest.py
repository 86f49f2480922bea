"""What the worker's tests share: sample media, and a workspace."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import stamina

from dev.sample_media.server import SampleServer
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


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace whose worker has stand-ins for models."""
    return Workspace(tmp_path)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A worker in this process, without a device, whose models are stand-ins."""
    install(monkeypatch)
    monkeypatch.setattr(StandInRecogniser, "batches", [])
    return Bench(tmp_path)


@pytest.fixture
def quick_retries() -> Iterator[None]:
    """Retries without waiting."""
    with stamina.set_testing(True, attempts=ATTEMPTS, cap=True):
        yield
