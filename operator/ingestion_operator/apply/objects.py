"""Creating what a run wants, once, and changing it."""

from __future__ import annotations

from ingestion_contract.spec import IngestionRun
from ingestion_operator.apply.ownership import Obstacle, require_own
from ingestion_operator.kube import AlreadyExists, Kube, Object, Refused, Resource


async def ensure(kube: Kube, resource: Resource, run: IngestionRun, body: Object) -> Object:
    """Create an object unless it is there, and return it as it is.

    Raises:
        Obstacle: the name is taken, or the API server does not want the object.
        BeingRemoved: the name is not free yet.
    """
    kind, name = body["kind"], body["metadata"]["name"]
    try:
        return await kube.create(resource, body)
    except AlreadyExists:
        found = {"kind": kind} | await kube.get(resource, run.metadata.namespace, name)
        require_own(found, run)
        return found
    except Refused as problem:
        raise Obstacle("Refused", f"the API server refuses {kind} {name}: {problem.message}") from problem


async def change(kube: Kube, resource: Resource, run: IngestionRun, kind: str, name: str, patch: Object) -> Object:
    """Apply a merge patch to an object of the run, and return it.

    Raises:
        Obstacle: the API server does not want the change.
        NotFound: the object is gone.
    """
    try:
        return await kube.merge(resource, run.metadata.namespace, name, patch)
    except Refused as problem:
        raise Obstacle("Refused", f"the API server refuses to change {kind} {name}: {problem.message}") from problem
