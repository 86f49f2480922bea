"""How kopf is set up: it watches, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

import kopf

from ingestion_contract import identity
from ingestion_operator.resources import JOBS, PODS

LISTED_AT_ONCE = 100
"""Objects in one answer. Thousands at once are there as bytes, text and data together, and that memory stays taken."""
HELD_SECONDS = 0.1
"""For which kopf holds an object as plain data after it was handled, waiting for its next event. Five seconds are its
default, in which thousands of them are listed."""


class NoDiffBase(kopf.DiffBaseStorage):
    """Remembers nothing: there are no handlers of changes, and copying each object for each event would be paid for."""

    def build(self, *, body: kopf.Body, extra_fields: Iterable[kopf.FieldSpec] | None = None) -> kopf.BodyEssence:
        """Return nothing to compare."""
        return kopf.BodyEssence()

    def fetch(self, *, body: kopf.Body) -> kopf.BodyEssence | None:
        """Return nothing remembered."""
        return None

    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        """Remember nothing."""


def kopf_settings() -> kopf.OperatorSettings:
    """Return the settings. The CRD must be there before kopf starts, since it is not scanned for."""
    settings = kopf.OperatorSettings()
    settings.scanning.disabled = True
    settings.watching.chunk_size = LISTED_AT_ONCE
    for resource in (JOBS, PODS):
        # Asked of the API server, so that the pods of the rest of the cluster are not even sent here.
        settings.watching.label_selectors[resource.group, resource.version, resource.plural] = identity.RUN_UID_LABEL
    settings.queueing.idle_timeout = HELD_SECONDS
    settings.posting.enabled = False
    settings.peering.standalone = True
    settings.persistence.finalizer = f"{identity.GROUP}/operator"
    settings.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=identity.GROUP)
    settings.persistence.diffbase_storage = NoDiffBase()
    return settings
