"""The operator as a process, and runs on a real API server."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from ingestion_contract import identity
from ingestion_contract.status import Condition, ConditionType, IngestionRunStatus
from ingestion_operator.kube import ApiError, Kube, NotFound, Object, Resource
from ingestion_operator.resources import CONFIG_MAPS, EVENTS, JOBS, PODS, RUNS
from ingestion_operator.status.conditions import find_condition

_SECONDS = 60.0


class Operator:
    """`ingestion-operator run` as a child process."""

    def __init__(self, kubeconfig: Path, namespace: str, log: Path) -> None:
        self._environment = {**os.environ, "KUBECONFIG": str(kubeconfig)}
        self._namespace = namespace
        self._process: subprocess.Popen[bytes] | None = None
        self.log = log

    def start(self) -> None:
        """Start it."""
        program = Path(sys.executable).with_name("ingestion-operator")
        options = ["--worker-image", "worker", "--namespace", self._namespace, "--scrape-interval-seconds", "1"]
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [program, "run", *options], env=self._environment, stdout=output, stderr=subprocess.STDOUT
            )

    def kill(self) -> None:
        """Kill it, as a lost node would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Ask it to stop, and see that it does."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait(20)


class Runs:
    """The runs of one namespace, and what belongs to them."""

    def __init__(self, kube: Kube, namespace: str, volumes: Path) -> None:
        self.kube = kube
        self.namespace = namespace
        self._volumes = volumes

    def manifest(self, name: str = "talks", *, spec: dict[str, Any] | None = None, **plan: Any) -> Object:
        """Return a run whose workers do as the stand-in's plan says."""
        return {
            "apiVersion": identity.API_VERSION,
            "kind": identity.KIND,
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {
                "source": {"urls": [f"http://stand-in/?{urlencode(plan)}"]},
                "output": {"persistentVolumeClaim": {"claimName": "results", "path": name}},
                "workers": {"parallelism": {"initial": 4, "min": 1, "max": 4}},
                **(spec or {}),
            },
        }

    async def apply(self, name: str = "talks", *, spec: dict[str, Any] | None = None, **plan: Any) -> Object:
        """Create such a run."""
        return await self.kube.create(RUNS, self.manifest(name, spec=spec, **plan))

    async def status(self, name: str = "talks") -> IngestionRunStatus:
        """Return the status of a run."""
        run = await self.kube.get(RUNS, self.namespace, name)
        return IngestionRunStatus.from_wire(run.get("status") or {})

    async def patch(self, spec: dict[str, Any], name: str = "talks") -> None:
        """Change the spec of a run."""
        await self.kube.merge(RUNS, self.namespace, name, {"spec": spec})

    async def delete(self, name: str = "talks") -> None:
        """Delete a run."""
        run = await self.kube.get(RUNS, self.namespace, name)
        await self.kube.delete(RUNS, self.namespace, name, run["metadata"]["uid"])

    async def job(self, step: str, name: str = "talks") -> Object | None:
        """Return a step's Job, if it is there."""
        try:
            return await self.kube.get(JOBS, self.namespace, f"{name}-{step}")
        except NotFound:
            return None

    async def children(self, run: Object) -> list[str]:
        """Return the names of everything that a run has made."""
        labels = f"{identity.RUN_UID_LABEL}={run['metadata']['uid']}"
        found: list[str] = []
        for resource in (JOBS, PODS, CONFIG_MAPS):
            found += [item["metadata"]["name"] for item in await self.select(resource, labels)]
        return found

    async def until_children_are_gone(self, run: Object) -> None:
        """Wait until nothing is left of what a run has made."""

        async def nothing_left() -> bool:
            return not await self.children(run)

        await eventually("nothing is left", nothing_left)

    async def select(self, resource: Resource, labels: str = "") -> list[Object]:
        """Return objects of the namespace."""
        return (await self.kube.select(resource, self.namespace, labels)).items

    async def until_told(self, *reasons: str) -> None:
        """Wait until the operator's events have these reasons, each as often, and no others."""

        async def told() -> bool:
            return await self._events() == sorted(reasons)

        try:
            await eventually(f"the events are {sorted(reasons)}", told)
        except AssertionError as problem:
            raise AssertionError(f"{problem}, but {await self._events()}") from None

    async def _events(self) -> list[str]:
        found = [item for item in await self.select(EVENTS) if item["involvedObject"]["kind"] == identity.KIND]
        return sorted(item["reason"] for item in found)

    async def condition(self, kind: ConditionType, name: str = "talks") -> Condition | None:
        """Return a condition of a run."""
        return find_condition((await self.status(name)).conditions, kind)

    def ingested(self, name: str = "talks") -> list[str]:
        """Return every video that was done, as often as it was."""
        log = self._volumes / self.namespace / "results" / name / "log"
        return log.read_text().split() if log.exists() else []

    async def until(self, what: str, holds: Callable[[IngestionRunStatus], object], name: str = "talks") -> Any:
        """Wait until something holds for the status of a run, and return the status."""

        async def look() -> IngestionRunStatus | None:
            status = await self.status(name)
            return status if holds(status) else None

        return await eventually(f"{name}: {what}", look)

    async def until_ended(self, name: str = "talks") -> IngestionRunStatus:
        """Wait until a run has ended."""
        status: IngestionRunStatus = await self.until("ends", lambda status: status.completion_time, name)
        return status


def all_of(shards: int, videos: int) -> list[str]:
    """Return what `Runs.ingested` tells when every video of a run was done once."""
    return sorted(f"{shard}-{video}" for shard in range(shards) for video in range(videos))


def changes(status: IngestionRunStatus) -> list[tuple[int, int, str]]:
    """Return the changes of parallelism: from, to, and the reason."""
    return [(item.from_, item.to, item.reason) for item in status.adaptations]


async def eventually(what: str, look: Callable[[], Awaitable[Any]]) -> Any:
    """Wait until a look finds something, and return it."""
    last: object = None
    try:
        async with asyncio.timeout(_SECONDS):
            while not (last := await look()):  # noqa: ASYNC110 - what is waited for sends no event
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"it did not come to this in {_SECONDS:.0f} s: {what}") from None
    except ApiError as problem:
        raise AssertionError(f"{what}: {problem}") from problem
    return last
