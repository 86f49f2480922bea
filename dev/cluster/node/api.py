"""A small asynchronous client of the API server: plain JSON in, plain JSON out."""

import asyncio
import json
import logging
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Self

import aiohttp

from dev.cluster.node.credentials import Credentials

JsonObject = dict[str, Any]

MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"

_RETRY_SECONDS = 0.5
_NO_ANSWER = (aiohttp.ClientError, TimeoutError)
_LONGEST_LINE_BYTES = 16 * 2**20

_log = logging.getLogger(__name__)


class ApiError(Exception):
    """The API server refused a request or could not be reached; `code` is the HTTP status, 503 without an answer."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass(frozen=True)
class WatchEvent:
    """A change of one object; `kind` is ADDED, MODIFIED or DELETED."""

    kind: str
    object: JsonObject


class Api:
    """One connection pool to the API server, opened and closed as an asynchronous context manager."""

    def __init__(self, server: str, credentials: Credentials) -> None:
        self._server = server
        self._credentials = credentials

    async def __aenter__(self) -> Self:
        context = ssl.create_default_context(cafile=str(self._credentials.authority))
        context.load_cert_chain(self._credentials.client.certificate, self._credentials.client.key)
        self._session = aiohttp.ClientSession(
            self._server,
            connector=aiohttp.TCPConnector(ssl=context, limit=0),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
            read_bufsize=_LONGEST_LINE_BYTES,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(self, path: str, **query: str) -> JsonObject:
        """Read one object, or a list of them."""
        return await self._request("GET", path, query=query)

    async def create(self, path: str, body: JsonObject) -> JsonObject:
        """Create an object in the collection at `path`."""
        return await self._request("POST", path, body)

    async def patch(self, path: str, body: JsonObject, content_type: str = MERGE_PATCH) -> JsonObject:
        """Patch the object at `path`."""
        return await self._request("PATCH", path, body, content_type)

    async def delete(self, path: str, body: JsonObject | None = None) -> JsonObject:
        """Delete the object at `path`; `body` holds DeleteOptions."""
        return await self._request("DELETE", path, body or {})

    async def watch(self, path: str, **query: str) -> AsyncIterator[WatchEvent]:
        """Yield what is there, and then every change, for ever; what vanished while away is yielded as DELETED."""
        known: dict[str, JsonObject] = {}
        while True:
            try:
                async for event in self._list_and_watch(path, query, known):
                    uid = event.object["metadata"]["uid"]
                    if event.kind == "DELETED":
                        known.pop(uid, None)
                    else:
                        known[uid] = event.object
                    yield event
            except (ApiError, *_NO_ANSWER) as problem:
                _log.warning("watching %s again: %r", path, problem)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _list_and_watch(
        self, path: str, query: dict[str, str], known: dict[str, JsonObject]
    ) -> AsyncIterator[WatchEvent]:
        listed = await self.get(path, **query)
        items = {item["metadata"]["uid"]: item for item in listed["items"]}
        for vanished in [known[uid] for uid in known.keys() - items.keys()]:
            yield WatchEvent("DELETED", vanished)
        for uid, item in items.items():
            yield WatchEvent("MODIFIED" if uid in known else "ADDED", item)
        version = listed["metadata"]["resourceVersion"]
        while True:
            watching = {**query, "watch": "1", "allowWatchBookmarks": "1", "resourceVersion": version}
            async with self._session.get(path, params=watching) as response:
                await _raise_for_status(response)
                async for line in response.content:
                    change = json.loads(line)
                    if change["type"] == "ERROR":
                        raise ApiError(change["object"].get("code", 500), change["object"].get("message", ""))
                    version = change["object"]["metadata"]["resourceVersion"]
                    if change["type"] != "BOOKMARK":
                        yield WatchEvent(change["type"], change["object"])

    async def _request(
        self,
        method: str,
        path: str,
        body: JsonObject | None = None,
        content_type: str = "application/json",
        query: dict[str, str] | None = None,
    ) -> JsonObject:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": content_type}
        try:
            async with self._session.request(method, path, data=data, headers=headers, params=query) as response:
                await _raise_for_status(response)
                answer: JsonObject = await response.json()
                return answer
        except _NO_ANSWER as problem:
            raise ApiError(503, repr(problem)) from problem


async def _raise_for_status(response: aiohttp.ClientResponse) -> None:
    if response.status >= 400:
        text = await response.text()
        try:
            message = json.loads(text)["message"]
        except (ValueError, KeyError, TypeError):
            message = text
        raise ApiError(response.status, message)
