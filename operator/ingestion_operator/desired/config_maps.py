"""The two ConfigMaps of a run: its manifest, which never changes, and the workers' limits, which do."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any

from ingestion_contract import identity
from ingestion_contract.limits import LIMITS_KEY, Limits
from ingestion_contract.pod import RUN_FILE
from ingestion_contract.spec import IngestionRun
from ingestion_operator.desired.names import limits_config_map_name, metadata, run_config_map_name

RUN_KEY = PurePosixPath(RUN_FILE).name


def run_config_map(run: IngestionRun) -> dict[str, Any]:
    """Return the ConfigMap with the manifest as it was when the run began."""
    manifest = {
        "apiVersion": identity.API_VERSION,
        "kind": identity.KIND,
        "metadata": run.metadata.to_wire(),
        "spec": run.spec.to_wire(),
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(run, run_config_map_name(run)),
        "immutable": True,
        "data": {RUN_KEY: json.dumps(manifest, indent=2)},
    }


def limits_config_map(run: IngestionRun, limits: Limits) -> dict[str, Any]:
    """Return the ConfigMap with the limits."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(run, limits_config_map_name(run)),
        "data": {LIMITS_KEY: json.dumps(limits.to_wire())},
    }
