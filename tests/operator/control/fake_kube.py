"""A small API server in memory: uids, resource versions, conflicts, taken names. What needs validation or the Job
controller is tested on the real one."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator
from typing import Any

from ingestion_operator.kube import AlreadyExists, Conflict, Kube, Listing, NotFound, Object, Resource
from ingestion_operator.resources import JOBS, RUNS

Key = tuple[str, str]


class FakeKube(Kube):
    """Keeps objects by plural and name, and lists of all requests, and of the writes among them, in their order."""

    def __init__(self) -> None:
        self.objects: dict[Key, Object] = {}
        self.writes: list[str] = []
        self.requests: list[str] = []
        self._failures: list[tuple[str, Exception]] = []
        self.on_write: Callable[[str, Object], None] = lambda plural, found: None
        self._versions: Iterator[int] = itertools.count(1)

    def put(self, resource: Resource, body: Object) -> Object:
        """Store an object as somebody else would."""
        stored = copy.deepcopy(body)
        meta = stored["metadata"]
        meta.setdefault("uid", f"uid-of-{resource.plural}-{meta['name']}")
        meta.setdefault("creationTimestamp", "2026-11-24T11:00:00Z")
        meta["resourceVersion"] = str(next(self._versions))
        self.objects[resource.plural, meta["name"]] = stored
        self.on_write(resource.plural, stored)
        return copy.deepcopy(stored)

    def update(self, resource: Resource, name: str, **fields: Any) -> Object:
        """Change an object as somebody else would."""
        return self.put(resource, self.objects[resource.plural, name] | fields)

    def fail(self, request: str, error: Exception) -> None:
        """Let the next request of a kind, as in `create jobs`, fail."""
        self._failures.append((request, error))

    def job(self, name: str) -> Object:
        """Return a Job."""
        return self.objects[JOBS.plural, name]

    def status(self) -> Object:
        """Return the status of the only run."""
        status: Object = next(found for (plural, _), found in self.objects.items() if plural == RUNS.plural)["status"]
        return status

    async def get(self, resource: Resource, namespace: str, name: str) -> Object:
        self._fail_as_planned(f"get {resource.plural}")
        return self._stored(resource, name)

    def _stored(self, resource: Resource, name: str) -> Object:
        try:
            return copy.deepcopy(self.objects[resource.plural, name])
        except KeyError:
            raise NotFound(404, "NotFound", f"{resource.plural} {name} not found") from None

    async def select(self, resource: Resource, namespace: str | None, label_selector: str) -> Listing:
        self._fail_as_planned(f"select {resource.plural}")
        key, _, value = label_selector.partition("=")
        found = [item for (plural, _), item in self.objects.items() if plural == resource.plural]
        matching = [copy.deepcopy(item) for item in found if item["metadata"].get("labels", {}).get(key) == value]
        return Listing(matching, next(self._versions))

    async def select_metadata(self, resource: Resource, namespace: str) -> Listing:
        self._fail_as_planned(f"list {resource.plural}")
        found = [item for (plural, _), item in self.objects.items() if plural == resource.plural]
        here = [item["metadata"] for item in found if item["metadata"]["namespace"] == namespace]
        return Listing([{"metadata": copy.deepcopy(meta)} for meta in here], next(self._versions))

    async def create(self, resource: Resource, body: Object) -> Object:
        name = body["metadata"]["name"]
        self._write(f"create {resource.plural} {name if resource.plural != 'events' else body['reason']}")
        if (resource.plural, name) in self.objects:
            raise AlreadyExists(409, "AlreadyExists", f"{resource.plural} {name} already exists")
        return self.put(resource, body)

    async def replace_status(self, resource: Resource, body: Object) -> Object:
        self._write(f"status {resource.plural}")
        found = self._stored(resource, body["metadata"]["name"])
        if found["metadata"]["resourceVersion"] != body["metadata"]["resourceVersion"]:
            raise Conflict(409, "Conflict", "the object has been modified")
        return self.put(resource, found | {"status": body["status"]})

    async def merge(self, resource: Resource, namespace: str, name: str, patch: Object) -> Object:
        self._write(f"merge {resource.plural} {name}")
        return self.put(resource, _merged(self._stored(resource, name), patch))

    async def delete(self, resource: Resource, namespace: str, name: str, uid: str) -> None:
        self._write(f"delete {resource.plural} {name}")
        self.objects.pop((resource.plural, name), None)

    def _write(self, what: str) -> None:
        self._fail_as_planned(what)
        self.writes.append(what)

    def _fail_as_planned(self, what: str) -> None:
        self.requests.append(what)
        for planned in self._failures:
            if what.startswith(planned[0]):
                self._failures.remove(planned)
                raise planned[1]


def _merged(found: Any, patch: Any) -> Any:
    if not isinstance(patch, dict) or not isinstance(found, dict):
        return patch
    return found | {key: _merged(found.get(key), value) for key, value in patch.items()}
