"""What the real API server says to a manifest, over one connection: kubectl for each of thousands would take hours."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException

from ingestion_contract import identity


@dataclass(frozen=True)
class Answer:
    """The object as it would be stored, or the sentence of a refusal."""

    status: int
    stored: dict[str, Any] | None
    sentence: str


class ApiServer:
    """Runs of one namespace."""

    def __init__(self, objects: client.CustomObjectsApi, namespace: str) -> None:
        self._objects = objects
        self._namespace = namespace

    def answer(self, name: str, spec: object, *, keep: bool = False) -> Answer:
        """Return what comes of creating a run with this spec; it is not kept unless that is asked for."""
        body = {
            "apiVersion": identity.API_VERSION,
            "kind": identity.KIND,
            "metadata": {"name": name, "namespace": self._namespace},
            "spec": spec,
        }
        # A warning for each unknown field would be more headers than a client of Python reads.
        options: dict[str, Any] = {"field_validation": "Ignore"} | ({} if keep else {"dry_run": "All"})
        try:
            stored: Any = self._objects.create_namespaced_custom_object(
                identity.GROUP, identity.VERSION, self._namespace, identity.PLURAL, body, **options
            )
        except ApiException as refusal:
            return Answer(refusal.status or 0, None, _sentence(refusal.body or ""))
        return Answer(201, stored, "")


def _sentence(body: str | bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except ValueError:
        return str(body)
