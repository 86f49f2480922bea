"""A run as the cluster has it: no more of its spec is read than is shown, so that a newer one can be read too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from ingestion_contract.spec import Memory, Parallelism
from ingestion_contract.status import Condition, ConditionStatus, ConditionType, IngestionRunStatus
from kubectl_ingest.refusal import Refusal

_KNOWN_CONDITIONS = {kind.value for kind in ConditionType}


@dataclass(frozen=True)
class ObservedRun:
    """A run, and what the operator last wrote of it."""

    name: str
    namespace: str
    bounds: Parallelism
    target_percent: int
    status: IngestionRunStatus

    def condition(self, kind: ConditionType) -> Condition | None:
        """Return a condition, if it is there."""
        return next((condition for condition in self.status.conditions if condition.type is kind), None)

    def holds(self, kind: ConditionType) -> bool:
        """Return whether a condition is there and true."""
        condition = self.condition(kind)
        return condition is not None and condition.status is ConditionStatus.TRUE


def observe(run: Mapping[str, Any]) -> ObservedRun:
    """Read a run as the API server returns it.

    Raises:
        Refusal: it is of a version that cannot be read.
    """
    metadata, spec = run["metadata"], run.get("spec") or {}
    bounds = (spec.get("workers") or {}).get("parallelism") or {}
    target = (spec.get("memory") or {}).get("targetPercent", Memory().target_percent)
    try:
        return ObservedRun(
            name=metadata["name"],
            namespace=metadata["namespace"],
            bounds=Parallelism.from_wire(bounds),
            target_percent=target,
            status=_status(run.get("status") or {}),
        )
    except ValidationError as problem:
        where = ".".join(str(part) for part in problem.errors()[0]["loc"])
        raise Refusal(
            f"IngestionRun {metadata['name']} cannot be read, since this version of the plugin does not know its "
            f"{where}: install the plugin of the operator's release"
        ) from problem


def _status(status: Mapping[str, Any]) -> IngestionRunStatus:
    known = [condition for condition in status.get("conditions", []) if condition.get("type") in _KNOWN_CONDITIONS]
    return IngestionRunStatus.from_wire({**status, "conditions": known})
