"""Events about pods, as `kubectl describe` shows them."""

import asyncio
import logging
import uuid
from datetime import UTC, datetime

from dev.cluster.node.api import Api, ApiError, JsonObject
from dev.cluster.node.status import timestamp

_log = logging.getLogger(__name__)


class EventRecorder:
    """Writes events in the background; one that cannot be written is logged and dropped."""

    def __init__(self, api: Api, node: str) -> None:
        self._api = api
        self._node = node
        self._writing: set[asyncio.Task[None]] = set()

    def record(self, pod: JsonObject, reason: str, message: str, kind: str = "Normal", container: str = "") -> None:
        """Record an event of kind Normal or Warning about a pod, or about one of its containers."""
        task = asyncio.create_task(self._write(pod, reason, message, kind, container))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, pod: JsonObject, reason: str, message: str, kind: str, container: str) -> None:
        metadata = pod["metadata"]
        now = timestamp(datetime.now(UTC))
        field = {"fieldPath": f"spec.containers{{{container}}}"} if container else {}
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{metadata['name']}.{uuid.uuid4().hex[:12]}", "namespace": metadata["namespace"]},
            "involvedObject": {
                "apiVersion": "v1",
                "kind": "Pod",
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "uid": metadata["uid"],
                **field,
            },
            "reason": reason,
            "message": message[:1024],
            "type": kind,
            "source": {"component": "process-node", "host": self._node},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        try:
            await self._api.create(f"/api/v1/namespaces/{metadata['namespace']}/events", event)
        except ApiError as problem:
            _log.warning("event %s of pod %s was not written: %s", reason, metadata["name"], problem)
