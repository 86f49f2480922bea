"""Writing the status, so that a stale operator's write is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingestion_contract.status import IngestionRunStatus
from ingestion_operator.kube import Kube, Object
from ingestion_operator.resources import RUNS


async def write_status(kube: Kube, raw: Mapping[str, Any], status: IngestionRunStatus) -> Object:
    """Replace the status of the run as it was read, and return the run as it is now.

    Raises:
        Conflict: the run has changed since it was read.
        NotFound: the run is gone.
    """
    return await kube.replace_status(RUNS, {**raw, "status": status.to_wire()})
