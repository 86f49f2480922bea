"""A simulated GPU that takes no time."""

from pathlib import Path

import pytest

from ingestion_worker.device.simulated import physics
from ingestion_worker.memory import patience
from tests.worker.memory.residents import Card
from tests.worker.support.stand_ins import StandInRecogniser, install


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Card:
    install(monkeypatch)
    monkeypatch.setattr(StandInRecogniser, "batches", [])
    monkeypatch.setattr(physics, "LOAD_BYTES_PER_SECOND", 10_000 * physics.GIB)
    monkeypatch.setattr(physics, "BATCH_SECONDS", dict.fromkeys(physics.BATCH_SECONDS, 0.0))
    monkeypatch.setattr(physics, "SIZE_SECONDS", dict.fromkeys(physics.SIZE_SECONDS, 0.0))
    monkeypatch.setattr(patience, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(patience, "LAST_PAUSE_SECONDS", 0.05)
    return Card(tmp_path / "gpu")
