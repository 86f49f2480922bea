"""Reads the run of a step, which the log names from then on."""

from __future__ import annotations

from pathlib import Path

from ingestion_contract.spec import IngestionRun
from ingestion_worker.steps.run_file import read_run
from ingestion_worker.telemetry.logs import set_up_logs


def read_named_run(path: Path, *, verbose: bool, shard: int | None = None) -> IngestionRun:
    """Read the manifest of the run, and let each line of the log name it, and the shard if there is one.

    Raises:
        ConfigurationError: see `read_run`.
    """
    run = read_run(path)
    set_up_logs(verbose, run=f"{run.metadata.namespace}/{run.metadata.name}", shard=shard)
    return run
