"""The node's main loop: every pod that the scheduler gives to this node gets a worker."""

import asyncio
import logging
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

from dev.cluster.node.api import JsonObject, WatchEvent
from dev.cluster.node.pod_worker import PodWorker, delete_for_good, write_status
from dev.cluster.node.services import NodeServices
from dev.cluster.node.status import lost_pod_status, with_transition_times

_log = logging.getLogger(__name__)


class Agent:
    """Follows the pods of one node."""

    def __init__(self, services: NodeServices) -> None:
        self._services = services
        self._workers: dict[str, PodWorker] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Follow them for ever."""
        selector = f"spec.nodeName={self._services.options.name}"
        async for event in self._services.api.watch("/api/v1/pods", fieldSelector=selector):
            self._handle(event)

    def _handle(self, event: WatchEvent) -> None:
        pod = event.object
        worker = self._workers.get(pod["metadata"]["uid"])
        if event.kind == "DELETED":
            self._forget(pod)
        elif worker and not worker.finished:
            worker.update(pod)
        elif worker or pod["status"].get("phase") in ("Succeeded", "Failed"):
            if "deletionTimestamp" in pod["metadata"] and pod["metadata"].get("deletionGracePeriodSeconds") != 0:
                self._spawn(delete_for_good(pod, self._services))
        elif _ran_before(pod):
            self._spawn(self._lose(pod))
        else:
            self._start(pod)

    def _start(self, pod: JsonObject) -> None:
        worker = PodWorker(pod, self._services)
        self._workers[pod["metadata"]["uid"]] = worker
        self._spawn(worker.run())

    def _forget(self, pod: JsonObject) -> None:
        # A worker is kept until here, past its end: a late event must not look like a pod that it has never seen.
        if worker := self._workers.pop(pod["metadata"]["uid"], None):
            worker.removed()

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()):
            _log.error("a pod's worker failed", exc_info=problem)

    async def _lose(self, pod: JsonObject) -> None:
        now = datetime.now(UTC)
        status = with_transition_times(lost_pod_status(pod, now), pod["status"], now)
        await write_status(pod, status, self._services)


def _ran_before(pod: JsonObject) -> bool:
    """Whether an earlier process of this node has started the pod's containers."""
    if pod["spec"]["restartPolicy"] == "Always":
        return False
    return any("waiting" not in status.get("state", {}) for status in pod["status"].get("containerStatuses", ()))
