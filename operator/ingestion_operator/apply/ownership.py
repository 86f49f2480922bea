"""Whether an object with the name that a run needs is the run's own."""

from __future__ import annotations

from ingestion_contract import identity
from ingestion_contract.spec import IngestionRun
from ingestion_operator.kube import Object


class Obstacle(Exception):
    """Something that the operator cannot mend, told to the user as the reason why the run is stalled."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class BeingRemoved(Exception):
    """The name is still held by something of an earlier run of the same name, which is on its way out."""


def require_own(found: Object, run: IngestionRun) -> None:
    """Return if the object is the run's own.

    Raises:
        BeingRemoved: it belongs to an earlier run of this name; trying again soon will do.
        Obstacle: it belongs to someone else.
    """
    meta = found["metadata"]
    owner = next((item for item in meta.get("ownerReferences", ()) if item.get("controller")), None)
    if owner is not None and owner["uid"] == run.metadata.uid:
        return
    kind, name = found["kind"], meta["name"]
    if owner is not None and owner["kind"] == identity.KIND and owner["name"] == run.metadata.name:
        raise BeingRemoved(f"{kind} {name} of an earlier run is still there")
    raise Obstacle(
        "NameTaken",
        f"{kind} {name} is needed by this run but belongs to someone else: remove it, or give the run another name",
    )
