"""What the tests of the cluster share: a namespace of their own in it, and pods that are short to write down."""

import asyncio
import random
import textwrap
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import psutil

from dev.cluster.node.api import Api, ApiError, JsonObject
from dev.cluster.testing import PYTHON_IMAGE

_SECONDS = 20.0
_GROUPS = {
    "configmaps": "/api/v1",
    "events": "/api/v1",
    "jobs": "/apis/batch/v1",
    "persistentvolumeclaims": "/api/v1",
    "pods": "/api/v1",
    "secrets": "/api/v1",
    "serviceaccounts": "/api/v1",
}


def container(script: str, **fields: Any) -> JsonObject:
    """A container named `main` that runs a bash script."""
    return {"name": "main", "image": PYTHON_IMAGE, "command": ["bash", "-c", script], **fields}


def python_container(script: str, **fields: Any) -> JsonObject:
    """A container named `main` that runs a Python script."""
    return {"name": "main", "image": PYTHON_IMAGE, "command": ["python", "-c", textwrap.dedent(script)], **fields}


def pod_of(*containers: JsonObject, **spec: Any) -> JsonObject:
    """The spec of a pod that is never restarted and has two seconds to end."""
    return {"restartPolicy": "Never", "terminationGracePeriodSeconds": 2, "containers": list(containers), **spec}


def indexed_job(container: JsonObject, completions: int, **template: Any) -> JsonObject:
    """The spec of an Indexed Job as the operator makes them, all of its indexes at once."""
    rules = [
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
        {"action": "FailJob", "onExitCodes": {"containerName": "main", "operator": "In", "values": [64]}},
        {"action": "Ignore", "onExitCodes": {"containerName": "main", "operator": "In", "values": [75, 85, 143]}},
    ]
    return {
        "completionMode": "Indexed",
        "completions": completions,
        "parallelism": completions,
        "backoffLimitPerIndex": 1,
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": {"rules": rules},
        "template": {"spec": pod_of(container, **template)},
    }


def container_status(pod: JsonObject) -> JsonObject:
    """The status of the pod's container `main`."""
    status: JsonObject = next(each for each in pod["status"]["containerStatuses"] if each["name"] == "main")
    return status


def end_of(pod: JsonObject) -> JsonObject:
    """How the pod's container `main` ended."""
    terminated: JsonObject = container_status(pod)["state"]["terminated"]
    return terminated


def is_over(pod: JsonObject) -> bool:
    """Whether the pod's phase is a final one."""
    return pod["status"]["phase"] in ("Succeeded", "Failed")


def is_ready(pod: JsonObject) -> bool:
    """Whether the pod's Ready condition holds."""
    conditions = pod["status"].get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def is_running(pod: JsonObject) -> bool:
    """Whether the pod's container `main` runs."""
    return bool(pod["status"].get("containerStatuses")) and "running" in container_status(pod)["state"]


def unique_argument() -> str:
    """A number by which a process can be found among those of this machine; also one that `sleep` takes."""
    return str(random.randrange(10**8, 10**9))


def processes_with(argument: str) -> list[int]:
    """The ids of the processes of this machine that have `argument` in one of their arguments."""
    return [
        each.pid
        for each in psutil.process_iter(["cmdline"])
        if any(argument in word for word in each.info["cmdline"] or ())
    ]


async def eventually(holds: Callable[[], object]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(_SECONDS):
        while not holds():  # noqa: ASYNC110 - what is waited for sends no event
            await asyncio.sleep(0.1)


@dataclass(frozen=True)
class Namespace:
    """A namespace of the test's own."""

    api: Api
    name: str

    async def create(self, kind: str, name: str, metadata: JsonObject | None = None, **body: Any) -> JsonObject:
        """Create an object; `kind` is the plural of the API, such as `pods`."""
        return await self.api.create(self._path(kind), {"metadata": {"name": name, **(metadata or {})}, **body})

    async def run(self, *containers: JsonObject, name: str = "pod", **spec: Any) -> JsonObject:
        """Run a pod of such containers to its end, and return it."""
        await self.create("pods", name, spec=pod_of(*containers, **spec))
        return await self.until("pods", name, is_over)

    async def until(self, kind: str, name: str, holds: Callable[[JsonObject], bool]) -> JsonObject:
        """Wait until something holds for an object, and return the object."""
        last: JsonObject | None = None
        try:
            async with asyncio.timeout(_SECONDS), aclosing(self._watch(kind, name)) as events:
                async for event in events:
                    last = event.object
                    if event.kind != "DELETED" and holds(last):
                        return last
        except TimeoutError:
            raise AssertionError(f"{kind} {name} did not come to it: {last and last.get('status')}") from None
        raise AssertionError("a watch never ends")

    async def until_gone(self, kind: str, name: str) -> None:
        """Wait until an object does not exist."""
        async with asyncio.timeout(_SECONDS):
            while await self._exists(kind, name):  # noqa: ASYNC110 - an object that is not there sends no event
                await asyncio.sleep(0.1)

    async def patch(self, kind: str, name: str, body: JsonObject) -> None:
        """Merge `body` into an object."""
        await self.api.patch(f"{self._path(kind)}/{name}", body)

    async def delete(self, kind: str, name: str) -> None:
        """Ask for an object to be deleted, with the grace that it gives itself."""
        await self.api.delete(f"{self._path(kind)}/{name}", {"propagationPolicy": "Background"})

    async def list(self, kind: str) -> list[JsonObject]:
        """All objects of a kind in the namespace."""
        items: list[JsonObject] = (await self.api.get(self._path(kind)))["items"]
        return items

    async def _exists(self, kind: str, name: str) -> bool:
        try:
            await self.api.get(f"{self._path(kind)}/{name}")
        except ApiError as error:
            if error.code != 404:
                raise
            return False
        return True

    def _watch(self, kind: str, name: str) -> Any:
        return self.api.watch(self._path(kind), fieldSelector=f"metadata.name={name}")

    def _path(self, kind: str) -> str:
        return f"{_GROUPS[kind]}/namespaces/{self.name}/{kind}"
