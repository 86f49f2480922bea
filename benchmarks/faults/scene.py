"""One run of the campaign as it can be seen and touched."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import aiohttp

from benchmarks.faults.audit import Left, Output
from benchmarks.faults.output import count_manifests, read_output
from benchmarks.faults.plan import PAUSED
from benchmarks.faults.slot import BUCKET, CLAIM, CREDENTIALS, IMAGE, Slot
from dev.cluster.kubectl import KubectlFailed, kubectl
from ingestion_contract import identity
from ingestion_contract.pod import Step
from ingestion_contract.status import IngestionRunStatus
from ingestion_operator.kube import ApiError, Kube, Object
from ingestion_operator.resources import CONFIG_MAPS, JOBS, PODS, RUNS
from ingestion_worker.output.store import Store

POLL_SECONDS = 0.2
PATIENCE_SECONDS = 240.0
_CROWD = "crowd"
_ENDED = ("Succeeded", "Failed")
_NO_ANSWER = (ApiError, aiohttp.ClientError, TimeoutError)

Found = TypeVar("Found")


class NotInTime(Exception):
    """What was waited for did not come."""


class Workload(Protocol):
    """What the workers of a run do."""

    @property
    def available(self) -> int:
        """How many videos exist."""

    def spec(self) -> Object:
        """Return what the run asks for, but for its output and the number of its workers."""


@dataclass
class Scene:
    """A run in a slot.

    Attributes:
        slot: where it runs.
        kube: an administrator's client, which goes past the proxies.
        name: of the run.
        workload: what its workers do.
        stored: its output is in object storage, which this process reaches past the proxies.
    """

    slot: Slot
    kube: Kube
    name: str
    workload: Workload
    stored: bool
    uid: str = ""

    @property
    def namespace(self) -> str:
        """Of the run and all its objects."""
        return self.slot.namespace

    @property
    def store(self) -> Store:
        """The output."""
        return Store(f"s3://{BUCKET}/{self.name}" if self.stored else f"file://{self.folder}")

    @property
    def folder(self) -> Path:
        """Of the output, where it is a volume."""
        return self.slot.volume / self.name

    async def create(self) -> None:
        """Create the run."""
        created = await self.kube.create(RUNS, self._manifest())
        self.uid = created["metadata"]["uid"]

    async def status(self) -> IngestionRunStatus:
        """Return the status of the run."""
        run = await self.kube.get(RUNS, self.namespace, self.name)
        return IngestionRunStatus.from_wire(run.get("status") or {})

    async def patch(self, spec: dict[str, Any]) -> None:
        """Change the spec of the run."""
        await self.kube.merge(RUNS, self.namespace, self.name, {"spec": spec})

    async def jobs(self) -> list[Object]:
        """Return the run's Jobs."""
        return (await self.kube.select(JOBS, self.namespace, self._labels)).items

    async def pods(self, *, running: bool = True) -> list[Object]:
        """Return the run's pods, in the order of their names; those in which something runs, or all."""
        found = (await self.kube.select(PODS, self.namespace, self._labels)).items
        there = [pod for pod in found if not running or _runs(pod)]
        return sorted(there, key=lambda pod: str(pod["metadata"]["name"]))

    async def made(self) -> int:
        """Return how many videos are there."""
        return await asyncio.to_thread(count_manifests, self.store)

    async def output(self) -> Output:
        """Return what is there."""
        return await asyncio.to_thread(read_output, self.store, self.uid)

    async def paused(self, mark: str = PAUSED) -> tuple[Step, int]:
        """Wait until a worker pauses at its point, and return its step and shard; `mark` is what it leaves there."""

        async def look() -> dict[str, Any] | None:
            content = await asyncio.to_thread(self.store.read, mark)
            return json.loads(content) if content else None

        where = await self.until("a worker comes to its point", look)
        step = Step.FINISH if where["path"].endswith("result.json") else Step.WORK
        if where["path"].endswith(("videos.jsonl", "shards.json")):
            step = Step.DISCOVER
        return step, int(where["shard"])

    async def reached(self, share: float) -> None:
        """Wait until so large a share of the videos is there, or the run has ended."""
        if not share:
            return
        wanted = max(1, int(share * self.workload.available))

        async def look() -> bool:
            return await self.made() >= wanted or (await self.status()).completion_time is not None

        await self.until(f"{wanted} videos are there", look)

    async def until_pods_run(self) -> None:
        """Wait until workers run."""

        async def look() -> bool:
            return any(step_of(pod) is Step.WORK for pod in await self.pods())

        await self.until("workers run", look)

    async def until_jobs_are_there(self) -> None:
        """Wait until the run has a Job, or has ended."""

        async def look() -> bool:
            return bool(await self.jobs()) or (await self.status()).completion_time is not None

        await self.until("a Job is there", look)

    async def delete_pod(self, pod: Object, grace_seconds: int | None = None) -> None:
        """Delete a pod as kubectl does, and do not wait for its end; it is fine if it is gone."""
        grace = [] if grace_seconds is None else [f"--grace-period={grace_seconds}"]
        force = ["--force"] if grace_seconds == 0 else []
        options = ["-n", self.namespace, "--wait=false", "--ignore-not-found", *grace, *force]
        await asyncio.to_thread(kubectl, self.slot.cluster, "delete", "pod", _name(pod), *options)

    async def evict(self, pod: Object) -> None:
        """Evict a pod, as a drain does."""
        eviction = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": _name(pod), "namespace": self.namespace},
        }
        path = f"/api/v1/namespaces/{self.namespace}/pods/{_name(pod)}/eviction"
        with suppress(KubectlFailed):  # it has ended meanwhile
            await asyncio.to_thread(kubectl, self.slot.cluster, "create", "--raw", path, "-f", "-", given=eviction)

    async def crowd_out(self) -> None:
        """Let pods of a higher priority ask for all GPUs but one."""
        objects = {"apiVersion": "v1", "kind": "List", "items": _crowd(self.namespace, self.slot.cluster.options.gpus)}
        await asyncio.to_thread(kubectl, self.slot.cluster, "apply", "-f", "-", given=objects)

    async def make_room(self) -> None:
        """Take those pods away."""
        where = ("-n", self.namespace, "--grace-period=0", "--force", "--ignore-not-found")
        await asyncio.to_thread(kubectl, self.slot.cluster, "delete", "pod", _CROWD, *where)

    async def left(self) -> list[Left]:
        """Return the objects that bear the run's name."""
        jobs = await self.jobs()
        owners = {job["metadata"]["uid"]: _owner(job) for job in jobs}
        configs = (await self.kube.select(CONFIG_MAPS, self.namespace, self._labels)).items
        found = [Left(f"Job {_name(job)}", _owner(job), bool(job.get("status", {}).get("active"))) for job in jobs]
        found += [Left(f"ConfigMap {_name(config)}", _owner(config), busy=False) for config in configs]
        for pod in await self.pods(running=False):
            busy = pod.get("status", {}).get("phase") not in _ENDED
            found.append(Left(f"Pod {_name(pod)}", owners.get(_owner(pod) or ""), busy))
        return found

    async def remove(self) -> None:
        """Delete the run, and wait until nothing is left of what it made.

        Raises:
            NotInTime: something is left.
        """
        await self.kube.delete(RUNS, self.namespace, self.name, self.uid)

        async def nothing_left() -> bool:
            return not await self.left()

        await self.until("nothing is left after the run was deleted", nothing_left, 60.0)
        if not self.stored:
            await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)

    async def rest(self, seconds: float) -> None:
        """Let time pass: how long a fault lasts is part of it."""
        await asyncio.sleep(seconds)

    async def until(
        self, what: str, look: Callable[[], Awaitable[Found | None]], seconds: float = PATIENCE_SECONDS
    ) -> Found:
        """Return what a look finds, once it finds something; an API server that does not answer is asked again.

        Raises:
            NotInTime: it did not.
        """
        limit = time.monotonic() + seconds
        while True:
            with suppress(*_NO_ANSWER):
                if found := await look():
                    return found
            if time.monotonic() > limit:
                raise NotInTime(f"not within {seconds:.0f} s: {what}")
            await asyncio.sleep(POLL_SECONDS)

    @property
    def _labels(self) -> str:
        return f"{identity.RUN_UID_LABEL}={self.uid}"

    def _manifest(self) -> Object:
        if self.stored:
            output: Object = {"uri": f"s3://{BUCKET}/{self.name}", "credentialsSecretRef": {"name": CREDENTIALS}}
        else:
            output = {"persistentVolumeClaim": {"claimName": CLAIM, "path": self.name}}
        spec = self.workload.spec()
        workers = {**spec.get("workers", {}), "parallelism": {"initial": 4, "min": 1, "max": 4}}
        return {
            "apiVersion": identity.API_VERSION,
            "kind": identity.KIND,
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": {**spec, "output": {**output, "index": {"type": "None"}}, "workers": workers},
        }


def kill(pod: Object) -> None:
    """Kill the processes of a pod, as the kernel would for want of memory."""
    for status in pod["status"].get("containerStatuses", ()):
        pid = str(status.get("containerID", "")).removeprefix("process://")
        if pid.isdecimal():
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


def step_of(pod: Object) -> Step:
    """Return the step of a pod."""
    return Step(pod["metadata"]["labels"][identity.STEP_LABEL])


def _crowd(namespace: str, gpus: int) -> list[Object]:
    container = {
        "name": _CROWD,
        "image": IMAGE,
        "command": ["sleep", "600"],
        "resources": {"limits": {"nvidia.com/gpu": str(gpus - 1)}},
    }
    return [
        {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": _CROWD},
            "value": 1000,
        },
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": _CROWD, "namespace": namespace},
            "spec": {"priorityClassName": _CROWD, "restartPolicy": "Never", "containers": [container]},
        },
    ]


def _name(raw: Object) -> str:
    return str(raw["metadata"]["name"])


def _owner(raw: Object) -> str | None:
    owners = raw["metadata"].get("ownerReferences", ())
    return next((str(owner["uid"]) for owner in owners if owner.get("controller")), None)


def _runs(pod: Object) -> bool:
    status = pod.get("status", {})
    return status.get("phase") == "Running" and any("running" in each["state"] for each in status["containerStatuses"])
