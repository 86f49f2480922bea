"""A thin asynchronous client of the Kubernetes API that speaks plain JSON.

Typed models of many objects cost 50 times as much as plain data, so none are made.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kubernetes.aio import config
from kubernetes.aio.client.api_client import ApiClient
from kubernetes.aio.client.configuration import Configuration

Object = dict[str, Any]
"""A Kubernetes object as JSON data."""

_TIMEOUT_SECONDS = 30.0
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
SERVICE_HOST, SERVICE_PORT = "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"
"""Environment of every pod: where the API server is."""


@dataclass(frozen=True)
class Resource:
    """Where a kind of object lies in the API."""

    group: str
    version: str
    plural: str

    @property
    def root(self) -> str:
        """The path of the API version."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"

    def path(self, namespace: str | None, name: str | None = None, subresource: str | None = None) -> str:
        """Return the path of a collection, an object or a part of it; without a namespace, of all of them."""
        place = ["namespaces", namespace] if namespace is not None else []
        parts = [self.root, *place, self.plural, name, subresource]
        return "/".join(part for part in parts if part)


@dataclass(frozen=True)
class Listing:
    """Objects as they all were at one moment.

    Attributes:
        version: that moment; what has changed since has a higher resource version.
    """

    items: list[Object]
    version: int


class ApiError(Exception):
    """The API server refused a request.

    Attributes:
        status: the HTTP status.
        reason: the API server's own word, as `AlreadyExists`.
        message: its sentence.
    """

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message


class NotFound(ApiError):
    """The object is not there."""


class Conflict(ApiError):
    """The object has changed since it was read."""


class AlreadyExists(ApiError):
    """The name is taken."""


class Refused(ApiError):
    """The object is invalid, or not allowed: the same request will be refused again."""


class Kube:
    """Get, list, create, replace, patch and delete."""

    def __init__(self, configuration: Configuration) -> None:
        self._client = ApiClient(configuration)

    @classmethod
    async def connect(cls, kubeconfig: Path | None = None) -> Self:
        """Return a client for the cluster of a kubeconfig; by default for the one that this process runs in, if any.

        Raises:
            kubernetes.aio.config.ConfigException: neither is there.
        """
        configuration = Configuration()
        if kubeconfig is None and os.environ.get(SERVICE_HOST):
            config.load_incluster_config(client_configuration=configuration)
        else:
            await config.load_kube_config(str(kubeconfig) if kubeconfig else None, client_configuration=configuration)
        return cls(configuration)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def serves(self, resource: Resource) -> bool:
        """Return whether the API server knows the resource."""
        try:
            listing = await self._request("GET", resource.root)
        except NotFound:
            return False
        return any(item["name"] == resource.plural for item in listing["resources"])

    async def get(self, resource: Resource, namespace: str, name: str) -> Object:
        """Return an object.

        Raises:
            NotFound: there is none.
        """
        return await self._request("GET", resource.path(namespace, name))

    async def select(self, resource: Resource, namespace: str | None, label_selector: str) -> Listing:
        """Return the objects with the labels, of one namespace or of all."""
        query = [("labelSelector", label_selector)]
        found = await self._request("GET", resource.path(namespace), query=query)
        return Listing(found["items"], int(found["metadata"]["resourceVersion"]))

    async def select_metadata(self, resource: Resource, namespace: str) -> Listing:
        """Return the objects of a namespace, of each no more than its metadata, as the API server's cache has them."""
        # Of no objects, the API server makes null here, unlike in other lists.
        path, query = resource.path(namespace), [("resourceVersion", "0")]
        found = await self._request("GET", path, query=query, accept=_METADATA_ONLY)
        return Listing(found["items"] or [], int(found["metadata"]["resourceVersion"]))

    async def create(self, resource: Resource, body: Object) -> Object:
        """Create an object and return it.

        Raises:
            AlreadyExists: the name is taken.
            Refused: the API server does not want it.
        """
        return await self._request("POST", resource.path(body["metadata"]["namespace"]), body=body)

    async def replace_status(self, resource: Resource, body: Object) -> Object:
        """Replace the status of an object and return it.

        Raises:
            Conflict: it has changed since `body` was read.
            NotFound: it is gone.
        """
        meta = body["metadata"]
        return await self._request("PUT", resource.path(meta["namespace"], meta["name"], "status"), body=body)

    async def merge(self, resource: Resource, namespace: str, name: str, patch: Object) -> Object:
        """Apply a JSON merge patch (RFC 7386) and return the object.

        Raises:
            NotFound: it is gone.
            Refused: the API server does not want the change.
        """
        path = resource.path(namespace, name)
        return await self._request("PATCH", path, body=patch, content_type="application/merge-patch+json")

    async def delete(self, resource: Resource, namespace: str, name: str, uid: str) -> None:
        """Delete this very object and, in the background, what it owns; it is fine if it is gone."""
        body = {"propagationPolicy": "Background", "preconditions": {"uid": uid}}
        try:
            await self._request("DELETE", resource.path(namespace, name), body=body)
        except (NotFound, Conflict):
            return

    async def _request(
        self,
        method: str,
        path: str,
        *,
        query: list[tuple[str, str]] | None = None,
        body: Object | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> Object:
        headers = {"Accept": accept, "Content-Type": content_type}
        request = await self._client.param_serialize(
            method, path, query_params=query, header_params=headers, body=body, auth_settings=["BearerToken"]
        )
        response = await self._client.call_api(*request, _request_timeout=_TIMEOUT_SECONDS)
        content = await response.read()
        if response.status >= 400:
            raise _error(response.status, content)
        data: Object = json.loads(content)
        return data


def _error(status: int, content: bytes) -> ApiError:
    try:
        data = json.loads(content)
        reason, message = str(data.get("reason", "")), str(data.get("message", ""))
    except (ValueError, AttributeError):
        reason, message = "", content[:200].decode(errors="replace")
    refused: dict[int, type[ApiError]] = dict.fromkeys((400, 403, 413, 422), Refused)
    kinds = refused | {404: NotFound, 409: Conflict}
    kind = AlreadyExists if reason == "AlreadyExists" else kinds.get(status, ApiError)
    return kind(status, reason, message or f"the API server answered {status}")
