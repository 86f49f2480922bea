"""Names by which the API knows this project."""

from __future__ import annotations

GROUP = "ingestion.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
KIND = "IngestionRun"
PLURAL = "ingestionruns"
SINGULAR = "ingestionrun"
SHORT_NAME = "ir"

MAX_RUN_NAME_LENGTH = 52
"""Longest name of a run: its Jobs' names, and the pods' names made from those, must fit into a label value."""

RUN_LABEL = f"{GROUP}/run"
RUN_UID_LABEL = f"{GROUP}/run-uid"
STEP_LABEL = f"{GROUP}/step"

LIMITS_REVISION_ANNOTATION = f"{GROUP}/limits-revision"
"""On a worker pod: touched after the limits changed, which makes a kubelet refresh the mounted ConfigMap at once."""
