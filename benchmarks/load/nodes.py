"""Stand-ins for the nodes: no pod runs anything, but each gets the status that a kubelet would write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from benchmarks.load.population import LARGE, NAMESPACE, SHARD_VIDEOS, SHARDS, Role
from benchmarks.load.worker import AFTER_BYTES, DEVICE_BYTES, StandInDevice, StandInWorker
from dev.cluster.node.addresses import AddressPool
from dev.cluster.node.api import Api, ApiError, JsonObject, WatchEvent
from dev.cluster.node.status import timestamp
from ingestion_contract import metrics
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.identity import LIMITS_REVISION_ANNOTATION, RUN_LABEL, STEP_LABEL
from ingestion_contract.metrics import Stage
from ingestion_contract.pod import WORKER_CONTAINER, Step
from ingestion_contract.summary import DiscoverSummary, MemoryReport, ShardSummary, Summary, encode_summary

_PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
_INDEX_ANNOTATION = "batch.kubernetes.io/job-completion-index"
_ENDED = ("Succeeded", "Failed")
_AT_ONCE = 16
_LARGE_SHARD_SECONDS = 2.0
_NOT_FOUND = 404


@dataclass(frozen=True)
class Found:
    """What discovery finds for a run."""

    videos: int = SHARDS * SHARD_VIDEOS
    shards: int = SHARDS


@dataclass(frozen=True)
class _Pod:
    """A worker pod that runs."""

    name: str
    run: str
    shard: int
    address: str
    started: datetime
    worker: StandInWorker
    site: web.TCPSite


class Nodes:
    """Follows the pods of the namespace; one HTTP server answers for all that run.

    Attributes:
        ends_videos: whether workers end a video now and then; if not, what they say leads to nothing new.
        queued: pods, by uid, for which no node has a GPU.
        ended: shards of the large run that have ended.
    """

    def __init__(self, api: Api, large: Found) -> None:
        self._api = api
        self._large = large
        self._addresses = AddressPool()
        self._known: set[str] = set()
        self._running: dict[str, _Pod] = {}
        self._by_address: dict[str, _Pod] = {}
        self._held: dict[str, dict[str, int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._problem: BaseException | None = None
        self.ends_videos = False
        self.queued: set[str] = set()
        self.ended = 0

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Stand in for the nodes until the block is left."""
        app = web.Application()
        app.router.add_get(metrics.PATH, self._answer)
        self._server = web.AppRunner(app, access_log=None)
        await self._server.setup()
        self._spawn(self._follow())
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._server.cleanup()

    @property
    def running(self) -> int:
        """Worker pods that run."""
        return len(self._running)

    def check(self) -> None:
        """Raise what has gone wrong here."""
        if self._problem is not None:
            raise self._problem

    def run_out_of_memory(self, run: str, *, exits: bool) -> str:
        """Let both workers of a run need more than the device has, and return the name of the pod that is short.

        One gets what it needs; the other gives its memory back and waits, or ends with exit code 85.
        """
        lucky, short = sorted((pod for pod in self._running.values() if pod.run == run), key=lambda pod: pod.name)
        lucky.worker.hold(AFTER_BYTES)
        if exits:
            self._spawn(self._end(short.name, ExitCode.MEMORY_EXHAUSTED, _out_of_memory(short)))
        else:
            short.worker.wait_for_memory()
        return short.name

    async def turn_not_ready(self, name: str) -> None:
        """Let the readiness probe of a pod fail, if it still runs."""
        for pod in list(self._running.values()):
            if pod.name == name:
                await self._write(name, _running(pod, ready=False))

    async def _answer(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        pod = self._by_address[request.transport.get_extra_info("sockname")[0]]
        page = pod.worker.page(ends_videos=self.ends_videos)
        return web.Response(body=page, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    async def _follow(self) -> None:
        async for event in self._api.watch(_PODS):
            self._see(event)

    def _see(self, event: WatchEvent) -> None:
        meta = event.object["metadata"]
        uid = meta["uid"]
        if event.kind == "DELETED":
            self._known.discard(uid)
            self.queued.discard(uid)
            self._spawn(self._stop(uid))
        elif uid not in self._known:
            self._known.add(uid)
            self._spawn(self._begin(event.object))
        elif uid in self._running:
            self._take_note(uid, event.object)

    def _take_note(self, uid: str, pod: JsonObject) -> None:
        """Let a worker apply the limits as soon as its pod is annotated, and stop one whose pod has ended."""
        revision = pod["metadata"].get("annotations", {}).get(LIMITS_REVISION_ANNOTATION)
        if revision is not None:
            self._running[uid].worker.metrics.limits_revision.set(int(revision))
        if pod["status"].get("phase") in _ENDED:
            self._spawn(self._stop(uid))

    async def _begin(self, pod: JsonObject) -> None:
        meta = pod["metadata"]
        run = meta["labels"][RUN_LABEL]
        if pod["status"].get("phase") in _ENDED:
            return
        if meta["labels"][STEP_LABEL] == Step.DISCOVER:
            found = self._large if run == LARGE else Found()
            await self._end(meta["name"], 0, DiscoverSummary(count=found.videos, shards=found.shards, digest="0" * 64))
        elif run.startswith(Role.QUEUED):
            if "conditions" not in pod["status"]:
                await self._write(meta["name"], _unschedulable())
            self.queued.add(meta["uid"])
        else:
            await self._start(pod, run)

    async def _start(self, raw: JsonObject, run: str) -> None:
        meta, address = raw["metadata"], self._addresses.take()
        site = web.TCPSite(self._server, address, metrics.PORT)
        await site.start()
        held, uid = self._held.setdefault(run, {}), meta["uid"]
        worker = StandInWorker(StandInDevice(f"GPU-{run}", held, uid), held, uid)
        shard = int(meta["annotations"][_INDEX_ANNOTATION])
        worker.metrics.limits_revision.set(int(meta["annotations"].get(LIMITS_REVISION_ANNOTATION, 0)))
        pod = _Pod(meta["name"], run, shard, address, datetime.now(UTC), worker, site)
        self._running[uid] = self._by_address[address] = pod
        await self._write(pod.name, _running(pod, ready=True))
        if run == LARGE:
            await asyncio.sleep(_LARGE_SHARD_SECONDS)
            await self._end(pod.name, 0, _shard_done(pod))
            self.ended += 1

    async def _stop(self, uid: str) -> None:
        pod = self._running.pop(uid, None)
        if pod is not None:
            pod.worker.leave()
            del self._by_address[pod.address]
            await pod.site.stop()
            self._addresses.give_back(pod.address)

    async def _end(self, name: str, code: int, summary: Summary) -> None:
        await self._write(name, _ended(code, summary))

    async def _write(self, name: str, status: JsonObject) -> None:
        async with self._slots:
            try:
                await self._api.patch(f"{_PODS}/{name}/status", {"status": status})
            except ApiError as problem:
                if problem.code != _NOT_FOUND:
                    raise

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            self._problem = self._problem or problem


def _running(pod: _Pod, *, ready: bool) -> JsonObject:
    state = {"running": {"startedAt": timestamp(pod.started)}}
    condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": timestamp(datetime.now(UTC))}
    return {
        "phase": "Running",
        "podIP": pod.address,
        "podIPs": [{"ip": pod.address}],
        "startTime": timestamp(pod.started),
        "conditions": [condition],
        "containerStatuses": [_container(state, ready=ready)],
    }


def _unschedulable() -> JsonObject:
    message = "0/64 nodes are available: 64 Insufficient nvidia.com/gpu."
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return {"conditions": [condition]}


def _ended(code: int, summary: Summary) -> JsonObject:
    terminated = {
        "exitCode": code,
        "reason": "Error" if code else "Completed",
        "message": encode_summary(summary),
        "finishedAt": timestamp(datetime.now(UTC)),
    }
    return {
        "phase": "Failed" if code else "Succeeded",
        "containerStatuses": [_container({"terminated": terminated}, ready=False)],
    }


def _container(state: JsonObject, *, ready: bool) -> JsonObject:
    return {
        "name": WORKER_CONTAINER,
        "image": "stand-in",
        "imageID": "stand-in",
        "ready": ready,
        "restartCount": 0,
        "state": state,
    }


def _out_of_memory(pod: _Pod) -> ShardSummary:
    report = MemoryReport(
        gpu_uuid=f"GPU-{pod.run}",
        stage=Stage.ASR,
        total_bytes=DEVICE_BYTES,
        used_bytes=AFTER_BYTES,
        own_bytes=0,
        floor_bytes=AFTER_BYTES,
    )
    shard = _shard_done(pod)
    return shard.model_copy(update={"succeeded": 0, "oom_events": 1, "memory": report})


def _shard_done(pod: _Pod) -> ShardSummary:
    return ShardSummary(
        shard=pod.shard,
        total=SHARD_VIDEOS,
        succeeded=SHARD_VIDEOS,
        failed=0,
        skipped=0,
        audio_seconds=SHARD_VIDEOS * 600,
    )
