"""Reads the run's manifest."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from ingestion_contract.spec import IngestionRun, parse_run
from ingestion_worker.steps.conclusion import ConfigurationError


def read_run(path: Path) -> IngestionRun:
    """Read the manifest of a run from a JSON file.

    Raises:
        ConfigurationError: the file is missing, is not JSON, or is not a run; the message names what is wrong.
    """
    try:
        run = parse_run(json.loads(path.read_text()))
    except OSError as error:
        raise ConfigurationError(f"the run file {path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise ConfigurationError(f"the run file {path} is not a valid run: {_sentence(error)}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"the run file {path} is not JSON: {error}") from error
    if not run.metadata.uid:
        raise ConfigurationError(f"the run file {path} has no metadata.uid, under which the run's records are kept")
    return run


def _sentence(error: ValidationError) -> str:
    details = error.errors(include_url=False)
    return "; ".join(f"{'.'.join(map(str, detail['loc'])) or 'run'}: {detail['msg']}" for detail in details[:5])
