"""Decisions with all that they were taken from, a line of JSON each, so that they can be taken again."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ingestion_operator.decision.decision import Decision
from ingestion_operator.decision.snapshot import Snapshot
from ingestion_operator.run_log import RunLog

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Record:
    """One decision.

    Attributes:
        at: the moment for which it was taken.
        frozen: whether the levers had to stay where they were.
        snapshot: what it was taken from. Of Secrets it has the names, as the run's spec has, and addresses without what
            is secret in them.
        decision: what was decided.
    """

    at: datetime
    frozen: bool
    snapshot: Snapshot
    decision: Decision


class Recorder:
    """Appends decisions to a file per run, `NAMESPACE_NAME.jsonl`, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, record: Record) -> None:
        """Append a decision; one that cannot be written is logged, since no run may depend on its recording."""
        run = record.snapshot.run.metadata
        try:
            # Unbuffered: a line is one write, so that an operator that is killed leaves no half of one.
            with (self._folder / f"{run.namespace}_{run.name}.jsonl").open("ab", buffering=0) as file:
                file.write(f"{encode(record)}\n".encode())
        except OSError as problem:
            RunLog(_logger, run.namespace, run.name).warning("a decision is not recorded: %s", problem)


def encode(record: Record) -> str:
    """Return a record as one line of JSON, without the line's end."""
    run = record.snapshot.run.model_copy(update={"spec": record.snapshot.run.spec.redacted()})
    kept = replace(record, snapshot=replace(record.snapshot, run=run))
    return _ADAPTER.dump_json(kept, by_alias=True).decode()


def decode(line: str) -> Record:
    """Return the record that was encoded.

    Raises:
        ValueError: this is no record, or one of a release that knew other fields.
    """
    data = json.loads(line)
    try:
        snapshot = data["snapshot"]
        for holder in (*snapshot["samples"].values(), *snapshot["tallies"].values()):
            holder["results"] = _by_pairs(holder["results"])
    except (TypeError, KeyError, AttributeError) as problem:
        raise ValueError(f"this is no recorded decision: {problem!r}") from problem
    return _ADAPTER.validate_python(data)


def read(path: Path) -> Iterator[Record]:
    """Yield the records of a file, which may be compressed (`.gz`).

    Raises:
        ValueError: names the line that cannot be read.
        OSError: the file cannot.
    """
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        for number, line in enumerate(lines, start=1):
            try:
                yield decode(line)
            except ValueError as problem:
                raise ValueError(f"line {number} of {path} is no decision of this release: {_why(problem)}") from None


_ADAPTER = TypeAdapter(Record)


def _by_pairs(results: Mapping[str, Any]) -> dict[tuple[str, ...], Any]:
    """Return counts by result and reason, which as a key of a JSON object are one text with a comma between."""
    return {tuple(pair.split(",", maxsplit=1)): count for pair, count in results.items()}


def _why(problem: ValueError) -> str:
    """Return the first thing that is wrong, in one line."""
    if not isinstance(problem, ValidationError):
        return str(problem)
    first = problem.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
