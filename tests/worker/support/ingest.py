"""`python -m tests.worker.support.ingest`: the command `ingest` with stand-ins for the models."""

import pytest

from ingestion_worker.cli import app
from tests.worker.support.stand_ins import install

if __name__ == "__main__":
    install(pytest.MonkeyPatch())
    app()
