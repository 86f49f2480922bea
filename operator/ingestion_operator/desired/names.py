"""Names, labels and owners of what a run makes. Deterministic, so that making it twice makes it once."""

from __future__ import annotations

from typing import Any

from ingestion_contract import identity
from ingestion_contract.pod import Step
from ingestion_contract.spec import IngestionRun

COMPONENT_LABEL = "app.kubernetes.io/managed-by"
COMPONENT = "ingestion-operator"


def job_name(run: IngestionRun, step: Step) -> str:
    """Return the name of a step's Job."""
    return f"{run.metadata.name}-{step}"


def run_config_map_name(run: IngestionRun) -> str:
    """Return the name of the ConfigMap that holds the manifest."""
    return f"{run.metadata.name}-run"


def limits_config_map_name(run: IngestionRun) -> str:
    """Return the name of the ConfigMap that holds the limits."""
    return f"{run.metadata.name}-limits"


def selector(run_uid: str) -> str:
    """Return the label selector of everything that a run made."""
    return f"{identity.RUN_UID_LABEL}={run_uid}"


def labels(run: IngestionRun, step: Step | None = None) -> dict[str, str]:
    """Return the labels of an object of the run."""
    found = {
        identity.RUN_LABEL: run.metadata.name,
        identity.RUN_UID_LABEL: run.metadata.uid,
        COMPONENT_LABEL: COMPONENT,
    }
    return found | ({identity.STEP_LABEL: step.value} if step is not None else {})


def metadata(run: IngestionRun, name: str, step: Step | None = None) -> dict[str, Any]:
    """Return the metadata of an object that goes when the run goes."""
    return {
        "name": name,
        "namespace": run.metadata.namespace,
        "labels": labels(run, step),
        "ownerReferences": [
            {
                "apiVersion": identity.API_VERSION,
                "kind": identity.KIND,
                "name": run.metadata.name,
                "uid": run.metadata.uid,
                "controller": True,
                # Blocking would ask for a right to the finalizers of runs, where owner references are guarded.
                "blockOwnerDeletion": False,
            }
        ],
    }
