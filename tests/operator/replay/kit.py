"""Recorded runs, as they were seen by the operator; `python -m tests.operator.replay.record` records them anew."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from ingestion_operator.observe.recording import Record, read

FOLDER = Path(__file__).parent / "fixtures"
FIXTURES = sorted(FOLDER.glob("*.jsonl.gz"))


@cache
def recorded() -> Mapping[str, list[Record]]:
    """The recorded runs by name."""
    return {path.name.removesuffix(".jsonl.gz"): list(read(path)) for path in FIXTURES}
