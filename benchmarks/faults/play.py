"""One run, one fault: what is done, and what is found."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from dataclasses import dataclass

from benchmarks.faults.audit import Left, Output, audit
from benchmarks.faults.fault import Fault
from benchmarks.faults.scene import NotInTime, Scene
from dev.cluster.processes import ChildDied

_QUIET_SECONDS = 20.0
"""So long after a run's end may pods still be on their way out."""


@dataclass(frozen=True)
class Found:
    """What came of a run.

    Attributes:
        fault: its name; empty for a run to which nothing happened.
        drawn: the fault in words, with all that chance has chosen.
        problems: what is wrong, a sentence each.
        seconds: from its creation to its end; None if it did not end.
        recovery_seconds: from the moment at which the fault was mended until the status told of everything that the
            output held then, and another video was there, or all were; None where the fault lasted to the end.
    """

    number: int
    fault: str
    drawn: str
    problems: list[str]
    seconds: float | None
    recovery_seconds: float | None


async def play(number: int, scene: Scene, fault: Fault | None, undisturbed: Output | None) -> tuple[Found, Output]:
    """Let a run go through a fault, and return what is found after it, with its output.

    Args:
        number: of the run.
        scene: where it goes.
        fault: what happens to it; None is nothing.
        undisturbed: what the run is compared with; None compares it with itself.
    """
    problems: list[str] = []
    seconds = recovery = None
    output = Output((), (), ())
    try:
        if fault is not None:
            fault.prepare(scene)
        began = time.monotonic()
        await scene.create()
        try:
            if fault is not None:
                recovery = await _go_through(scene, fault)
            await _ended(scene)
            seconds = time.monotonic() - began
        finally:
            scene.slot.clear_up()
        left = await _quiet(scene)
        output = await scene.output()
        problems += audit(output, undisturbed or output, await scene.status(), left, scene.uid)
        problems += fault.findings(scene) if fault is not None else []
    except (NotInTime, ChildDied) as problem:
        problems.append(str(problem))
    if fault is not None:
        fault.clear_up(scene)
    problems += await _removed(scene)
    name = fault.name if fault is not None else ""
    return Found(number, name, f"{fault!r} {scene.workload!r}", problems, seconds, recovery), output


async def _go_through(scene: Scene, fault: Fault) -> float | None:
    """Let a fault come and go, and return how long it took to recover."""
    await scene.reached(fault.at)
    try:
        await fault.inject(scene)
        if fault.lasting:
            await _ended(scene)
            return None
        await scene.rest(fault.seconds)
    finally:
        await fault.undo(scene)
    mended = time.monotonic()
    there = await scene.made()

    async def recovered() -> bool:
        status = await scene.status()
        if status.completion_time is not None:
            return True
        made = await scene.made()
        return status.videos.succeeded >= there and (made > there or made == scene.workload.available)

    await scene.until("the run goes on after the fault", recovered)
    return time.monotonic() - mended


async def _ended(scene: Scene) -> None:
    async def look() -> bool:
        return (await scene.status()).completion_time is not None

    await scene.until("the run ends", look)


async def _quiet(scene: Scene) -> list[Left]:
    """Return the objects that are left; what is on its way out after the end has a little time for that."""
    found: list[Left] = []

    async def look() -> bool:
        found[:] = await scene.left()
        return all(each.owner == scene.uid and not each.busy for each in found)

    try:
        await scene.until("all is quiet", look, _QUIET_SECONDS)
    except NotInTime:
        return found
    return found


async def _removed(scene: Scene) -> list[str]:
    if not scene.uid:
        return []
    return await _problem(scene.remove())


async def _problem(doing: Awaitable[None]) -> list[str]:
    try:
        await doing
    except NotInTime as problem:
        return [str(problem)]
    return []
