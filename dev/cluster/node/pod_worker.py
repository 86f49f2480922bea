"""The life of one pod on the node: volumes, containers in order, status, and its orderly end."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from dev.cluster.node.api import STRATEGIC_MERGE_PATCH, ApiError, JsonObject
from dev.cluster.node.container import Container
from dev.cluster.node.services import NodeServices
from dev.cluster.node.states import Terminated
from dev.cluster.node.status import HOST_ADDRESS, Verdict, pod_status, with_transition_times
from dev.cluster.node.support import unsupported
from dev.cluster.node.volumes import VolumeNotReady, prepare_volumes, refresh_volumes, remove_volumes

_RETRY_SECONDS = 1.0
_GONE = (404, 409)

_log = logging.getLogger(__name__)


class PodWorker:
    """Runs one pod until it is over, up to the final status, and the final delete if one was asked for."""

    def __init__(self, pod: JsonObject, services: NodeServices) -> None:
        self._services = services
        self._started_at = datetime.now(UTC)
        self._address = services.addresses.take()
        self._pod = pod
        self._stop_asked = asyncio.Event()
        self._kill_asked = asyncio.Event()
        self._refresh_asked = asyncio.Event()
        self._changed = asyncio.Event()
        self._writing = asyncio.Lock()
        self._written: JsonObject = {}
        self._verdict: Verdict | None = None
        self._over = False
        self.finished = False
        self._init_containers = [self._container(each, init=True) for each in pod["spec"].get("initContainers", ())]
        self._containers = [self._container(each, init=False) for each in pod["spec"]["containers"]]

    def update(self, pod: JsonObject) -> None:
        """Take notice of a change of the pod: new labels or annotations refresh its volumes, a deletion ends it."""
        touched = any(pod["metadata"].get(key) != self._pod["metadata"].get(key) for key in ("labels", "annotations"))
        self._pod = pod
        if touched:
            self._refresh_asked.set()
        if "deletionTimestamp" in pod["metadata"]:
            self._stop_asked.set()
            if pod["metadata"].get("deletionGracePeriodSeconds") == 0:
                self._kill_asked.set()

    def removed(self) -> None:
        """The pod object is gone from the API server: nothing of it may go on running."""
        self._stop_asked.set()
        self._kill_asked.set()

    async def run(self) -> None:
        """Live the pod's life."""
        self.update(self._pod)
        publishing = asyncio.create_task(self._publish_changes())
        try:
            if problem := unsupported(self._pod):
                self._verdict = Verdict("Unsupported", problem)
            else:
                await self._live_until_stopped()
        finally:
            async with self._writing:  # so that no cancelled write can arrive after the final one
                publishing.cancel()
            remove_volumes(self._services.pod_folder(self._pod))
            self._services.addresses.give_back(self._address)
        self._over = True
        await self._publish()
        self.finished = True
        if "deletionTimestamp" in self._pod["metadata"]:
            await delete_for_good(self._pod, self._services)

    async def _live_until_stopped(self) -> None:
        life = asyncio.create_task(self._live())
        stop = asyncio.create_task(self._stop_asked.wait())
        deadline: float | None = self._pod["spec"].get("activeDeadlineSeconds")
        await asyncio.wait({life, stop}, timeout=deadline, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not life.done():
            if not self._stop_asked.is_set():
                message = "Pod was active on the node longer than the specified deadline"
                self._verdict = Verdict("DeadlineExceeded", message)
            await self._end(life)
        if not life.cancelled() and (problem := life.exception()):
            _log.error("pod %s", self._pod["metadata"]["name"], exc_info=problem)
            self._verdict = Verdict("NodeError", repr(problem))

    async def _end(self, life: asyncio.Task[None]) -> None:
        """SIGTERM, the grace period, then SIGKILL of everything that is left."""
        for container in (*self._init_containers, *self._containers):
            container.terminate()
        kill = asyncio.create_task(self._kill_asked.wait())
        if any(container.running for container in (*self._init_containers, *self._containers)):
            await asyncio.wait({life, kill}, timeout=self._grace_seconds(), return_when=asyncio.FIRST_COMPLETED)
        kill.cancel()
        life.cancel()
        await asyncio.wait({life})

    def _grace_seconds(self) -> float:
        by_spec: float = self._pod["spec"].get("terminationGracePeriodSeconds", 30)
        asked: float = self._pod["metadata"].get("deletionGracePeriodSeconds", by_spec)
        return asked

    async def _live(self) -> None:
        self._changed.set()
        volumes = await self._prepared_volumes()
        refreshing = asyncio.create_task(self._refresh_volumes())
        try:
            for init in self._init_containers:
                await init.run(volumes)
                if not (isinstance(init.record.state, Terminated) and init.record.state.exit_code == 0):
                    return
            async with asyncio.TaskGroup() as group:
                for container in self._containers:
                    group.create_task(container.run(volumes))
        finally:
            refreshing.cancel()

    def _container(self, declared: JsonObject, init: bool) -> Container:
        policy: str = self._pod["spec"]["restartPolicy"]
        if init and policy == "Always":
            policy = "OnFailure"
        status = {**self._pod["status"], "podIP": self._address, "hostIP": HOST_ADDRESS}
        return Container({**self._pod, "status": status}, declared, policy, self._services, self._changed.set)

    @property
    def _volumes_folder(self) -> Path:
        return self._services.pod_folder(self._pod) / "volumes"

    async def _prepared_volumes(self) -> Mapping[str, Path]:
        said = ""
        while True:
            try:
                return await prepare_volumes(self._pod, self._volumes_folder, self._services.sources)
            except VolumeNotReady as problem:
                if str(problem) != said:
                    said = str(problem)
                    self._services.events.record(self._pod, "FailedMount", said, "Warning")
            except ApiError as problem:
                _log.warning("volumes of pod %s: %r", self._pod["metadata"]["name"], problem)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _refresh_volumes(self) -> None:
        """Refresh after each touch of the pod, and else after the node's delay, for ever."""
        while True:
            try:
                async with asyncio.timeout(self._services.options.config_refresh_seconds):
                    await self._refresh_asked.wait()
            except TimeoutError:
                pass
            self._refresh_asked.clear()
            try:
                await refresh_volumes(self._pod, self._volumes_folder, self._services.sources)
            except (VolumeNotReady, ApiError) as problem:
                _log.warning("volumes of pod %s keep their content: %r", self._pod["metadata"]["name"], problem)

    async def _publish_changes(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._publish()

    async def _publish(self) -> None:
        """Write the pod's status if it has changed; a pod that is gone needs none."""
        async with self._writing:
            now = datetime.now(UTC)
            records = [[container.record for container in each] for each in (self._init_containers, self._containers)]
            bare = pod_status(
                self._pod, records[0], records[1], self._address, self._started_at, self._verdict, self._over
            )
            status = with_transition_times(bare, self._written, now)
            if status == self._written:
                return
            await write_status(self._pod, status, self._services)
            self._written = status


async def write_status(pod: JsonObject, status: JsonObject, services: NodeServices) -> None:
    """Write a pod's status, again while the API server cannot be reached; a pod that is gone needs none."""
    body = {"metadata": {"uid": pod["metadata"]["uid"]}, "status": status}
    while True:
        try:
            await services.api.patch(f"{_path(pod)}/status", body, STRATEGIC_MERGE_PATCH)
            return
        except ApiError as error:
            if error.code in _GONE:
                return
            if error.code < 500:
                raise
            _log.warning("status of pod %s: %s", pod["metadata"]["name"], error)
        await asyncio.sleep(_RETRY_SECONDS)


async def delete_for_good(pod: JsonObject, services: NodeServices) -> None:
    """Remove the object of a pod that was asked to go and is over, as a kubelet does at the end."""
    body = {"gracePeriodSeconds": 0, "preconditions": {"uid": pod["metadata"]["uid"]}}
    try:
        await services.api.delete(_path(pod), body)
    except ApiError as error:
        if error.code not in _GONE:
            raise


def _path(pod: JsonObject) -> str:
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"
