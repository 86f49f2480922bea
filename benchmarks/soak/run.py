"""One run of the soak, from its creation until nothing is left of it."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from benchmarks.soak.courses import NAMESPACE, Course, manifest
from ingestion_contract import identity
from ingestion_contract.pod import Step
from ingestion_contract.status import ConditionType, IngestionRunStatus
from ingestion_operator.kube import Kube, Object, Resource
from ingestion_operator.resources import CONFIG_MAPS, JOBS, PODS, RUNS
from ingestion_operator.status.conditions import find_condition, holds
from ingestion_operator.status.report import SUSPENDED

PATIENCE_SECONDS = 180.0
_POLL_SECONDS = 0.5

Found = TypeVar("Found")


class OffCourse(Exception):
    """A run does not do what it is to do; the message says what."""


@dataclass(frozen=True)
class Ended:
    """What became of a run.

    Attributes:
        course: what was to become of it.
        lowered: whether the operator took workers away, for want of memory.
        problem: what was otherwise than it was to be, if anything.
    """

    course: Course
    lowered: bool = False
    problem: str = ""


class Run:
    """A run of a course; `volume` is the folder in which its output gets one of its own."""

    def __init__(self, kube: Kube, name: str, course: Course, volume: Path) -> None:
        self._kube = kube
        self._name = name
        self._course = course
        self._output = volume / name
        self._uid = ""

    async def live(self) -> Ended:
        """Go through the course, delete the run, and wait until nothing is left of it."""
        created = await self._kube.create(RUNS, manifest(self._name, self._course))
        self._uid = created["metadata"]["uid"]
        try:
            lowered = await self._go_through()
            await self._remove()
        except OffCourse as problem:
            await self._kube.delete(RUNS, NAMESPACE, self._name, self._uid)
            return Ended(self._course, problem=f"{self._name}, {self._course}: {problem}")
        return Ended(self._course, lowered)

    async def _go_through(self) -> bool:
        """Let happen what is to happen; return whether workers were taken away."""
        if self._course is Course.REMOVED:
            await self._until("workers are at work", self._at_work)
            return False
        if self._course is Course.SUSPENDED:
            await self._until("workers are at work", self._at_work)
            await self._suspend(True)
            await self._until("it is suspended", self._suspended)
            await self._suspend(False)
        status = await self._end()
        wanted = ConditionType.FAILED if self._course is Course.FAILS else ConditionType.COMPLETE
        if not holds(status.conditions, wanted):
            raise OffCourse(f"it ended, but is not {wanted}")
        return any(change.to < change.from_ for change in status.adaptations)

    async def _remove(self) -> None:
        await self._kube.delete(RUNS, NAMESPACE, self._name, self._uid)
        await self._until("nothing is left of it", self._nothing_left)
        await asyncio.to_thread(shutil.rmtree, self._output, ignore_errors=True)

    async def _suspend(self, suspend: bool) -> None:
        await self._kube.merge(RUNS, NAMESPACE, self._name, {"spec": {"suspend": suspend}})

    async def _status(self) -> IngestionRunStatus:
        found = await self._kube.get(RUNS, NAMESPACE, self._name)
        return IngestionRunStatus.from_wire(found.get("status") or {})

    async def _at_work(self) -> bool:
        return any(_phase(pod) == "Running" and _is_worker(pod) for pod in await self._select(PODS))

    async def _suspended(self) -> bool:
        ready = find_condition((await self._status()).conditions, ConditionType.READY)
        busy = any(_phase(pod) in ("Pending", "Running") for pod in await self._select(PODS))
        return ready is not None and ready.reason == SUSPENDED and not busy

    async def _end(self) -> IngestionRunStatus:
        """Wait for its end."""
        status = await self._until("it ends", self._ended)
        assert status is not None
        return status

    async def _ended(self) -> IngestionRunStatus | None:
        status = await self._status()
        return status if status.completion_time is not None else None

    async def _nothing_left(self) -> bool:
        return not any([await self._select(resource) for resource in (JOBS, PODS, CONFIG_MAPS)])

    async def _select(self, resource: Resource) -> list[Object]:
        labels = f"{identity.RUN_UID_LABEL}={self._uid}"
        return (await self._kube.select(resource, NAMESPACE, labels)).items

    async def _until(self, what: str, look: Callable[[], Awaitable[Found]]) -> Found:
        """Return what a look finds, once it finds something.

        Raises:
            OffCourse: it did not in time.
        """
        limit = time.monotonic() + PATIENCE_SECONDS
        while not (found := await look()):
            if time.monotonic() > limit:
                raise OffCourse(f"not within {PATIENCE_SECONDS:.0f} s: {what}")
            await asyncio.sleep(_POLL_SECONDS)
        return found


def _phase(pod: Object) -> str:
    return str(pod.get("status", {}).get("phase"))


def _is_worker(pod: Object) -> bool:
    return bool(pod["metadata"]["labels"][identity.STEP_LABEL] == Step.WORK)
