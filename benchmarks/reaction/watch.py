"""A watch beside the operator's own: when the API server showed what."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from benchmarks.reaction.timeline import Seen, Sighting
from dev.cluster import Cluster
from dev.cluster.certificates import KeyPair
from dev.cluster.node.api import Api, WatchEvent
from dev.cluster.node.credentials import Credentials
from ingestion_contract.identity import RUN_LABEL, STEP_LABEL
from ingestion_contract.pod import Step
from ingestion_operator.kube import Resource
from ingestion_operator.resources import JOBS, PODS, RUNS

Raw = dict[str, Any]


class Watch:
    """Keeps what was seen of the runs of a namespace, and how they stand."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self.sightings: list[Sighting] = []
        self.statuses: dict[str, Raw] = {}
        self._ready: dict[str, set[str]] = defaultdict(set)

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Watch until the block is left; then it is told of, should the watch have broken meanwhile."""
        following = asyncio.create_task(self._follow_all())
        try:
            yield
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following

    async def _follow_all(self) -> None:
        work = f"{STEP_LABEL}={Step.WORK}"
        async with Api(*administrator(self._cluster)) as api, asyncio.TaskGroup() as group:
            group.create_task(self._follow(api, RUNS))
            group.create_task(self._follow(api, JOBS, labelSelector=work))
            group.create_task(self._follow(api, PODS, labelSelector=work))

    def ready_workers(self, run: str) -> int:
        """Return how many workers of a run are ready."""
        return len(self._ready[run])

    async def _follow(self, api: Api, resource: Resource, **query: str) -> None:
        see = {RUNS: self._run, JOBS: self._job, PODS: self._pod}[resource]
        async for event in api.watch(resource.path(self._namespace), **query):
            at = time.time()
            self.sightings += [Sighting(at, run, seen, value) for run, seen, value in see(event)]

    def _run(self, event: WatchEvent) -> Iterator[tuple[str, Seen, int]]:
        name, status = event.object["metadata"]["name"], event.object.get("status", {})
        self.statuses[name] = status
        if "workers" in status:
            yield name, Seen.WANTED, status["workers"]["parallelism"]

    def _job(self, event: WatchEvent) -> Iterator[tuple[str, Seen, int]]:
        yield _run_of(event.object), Seen.PARALLELISM, event.object["spec"]["parallelism"]

    def _pod(self, event: WatchEvent) -> Iterator[tuple[str, Seen, int]]:
        run, name, status = _run_of(event.object), event.object["metadata"]["name"], event.object.get("status", {})
        ready = event.kind != "DELETED" and any(
            item["type"] == "Ready" and item["status"] == "True" for item in status.get("conditions", ())
        )
        if ready != (name in self._ready[run]):
            (self._ready[run].add if ready else self._ready[run].discard)(name)
            yield run, Seen.READY, int(ready)
        for container in status.get("containerStatuses", ()):
            if "terminated" in container.get("state", {}) and container["state"]["terminated"]["exitCode"] == 85:
                yield run, Seen.EXIT, 85


def administrator(cluster: Cluster) -> tuple[str, Credentials]:
    """Return the URL of a cluster's API server, and an administrator's credentials."""
    pki = cluster.folder / "pki"
    server: str = json.loads(cluster.kubeconfig.read_text())["clusters"][0]["cluster"]["server"]
    return server, Credentials(pki / "ca.crt", KeyPair(pki / "admin.crt", pki / "admin.key"))


def _run_of(raw: Raw) -> str:
    name: str = raw["metadata"]["labels"][RUN_LABEL]
    return name
