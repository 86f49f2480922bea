"""What the labels and owners of an object say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingestion_contract.identity import STEP_LABEL
from ingestion_contract.pod import Step


def step_of(meta: Mapping[str, Any]) -> Step | None:
    """Return the step that an object belongs to, by its metadata; None if it names none that there is."""
    label = meta.get("labels", {}).get(STEP_LABEL)
    return Step(label) if label in set(Step) else None


def controller_uid(meta: Mapping[str, Any]) -> str | None:
    """Return the uid of what an object belongs to, by its metadata."""
    return next((owner["uid"] for owner in meta.get("ownerReferences", ()) if owner.get("controller")), None)
