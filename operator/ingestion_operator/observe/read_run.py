"""A run's object, as far as a run's course depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from ingestion_contract.identity import MAX_RUN_NAME_LENGTH
from ingestion_contract.spec import IngestionRun, parse_run
from ingestion_contract.status import IngestionRunStatus
from ingestion_operator.observe.packed import PackedRun


class UnusableSpec(Exception):
    """A spec cannot be used, though the API server let it in; the message says why."""


@dataclass(frozen=True)
class ReadRun:
    """What one version of a run's object says.

    Attributes:
        run: what the user wants.
        generation: of the run's spec.
        status: what the operator wrote last.
    """

    run: IngestionRun
    generation: int
    status: IngestionRunStatus


def read_run(packed: PackedRun) -> ReadRun:
    """Read a run's object.

    Raises:
        UnusableSpec: the spec is not one of this release.
        pydantic.ValidationError: the status has been written by something else.
    """
    raw = packed.unpack()
    run = _parse(raw)
    return ReadRun(run, raw["metadata"]["generation"], IngestionRunStatus.from_wire(raw.get("status") or {}))


def _parse(raw: Mapping[str, Any]) -> IngestionRun:
    try:
        run = parse_run(raw)
    except ValidationError as problem:
        raise UnusableSpec(_explain(problem)) from problem
    if len(run.metadata.name) > MAX_RUN_NAME_LENGTH:
        raise UnusableSpec(
            f"metadata.name has {len(run.metadata.name)} characters; at most {MAX_RUN_NAME_LENGTH} fit, because the "
            "names of Jobs and pods are made from it"
        )
    return run


def _explain(problem: ValidationError) -> str:
    found = problem.errors(include_url=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in found[:10])
