"""Workers die at every stage, or are taken away by Kubernetes and by people."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from random import Random
from typing import Self

from benchmarks.faults.fault import Fault
from benchmarks.faults.plan import PAUSE_SECONDS, PAUSED, Plan, Point
from benchmarks.faults.scene import Scene, kill, step_of
from ingestion_operator.kube import Object

_INDEX = "batch.kubernetes.io/job-completion-index"
_CHECKPOINTS = (Point.CHECKPOINT, Point.HALF_A_CHECKPOINT)
_SECTIONS = 8


@dataclass(frozen=True)
class WorkerKilled(Fault):
    """A worker is killed before it writes a certain file of the output, or with half of it written."""

    name = "worker-killed"
    told = "a worker is killed (SIGKILL) at a certain point: before one of its files is written, or with half of it"

    point: Point = Point.MANIFEST

    @classmethod
    def draw(cls, random: Random) -> Self:
        """Return one by chance."""
        return cls(point=random.choice([point for point in Point if point is not Point.NOWHERE]))

    def plan(self, plan: Plan) -> Plan:
        """Let the first worker that comes to the point pause there."""
        return replace(plan, point=self.point, sections=_SECTIONS if self.point in _CHECKPOINTS else plan.sections)

    async def inject(self, scene: Scene) -> None:
        """Kill it there."""
        await kill_where_it_pauses(scene)


class AllWorkersKilled(Fault):
    """The kernel kills everything that runs."""

    name = "all-workers-killed"
    told = "all pods of the run are killed (SIGKILL) at once"

    async def inject(self, scene: Scene) -> None:
        """Kill them."""
        for pod in await scene.pods():
            kill(pod)


class PodDeleted(Fault):
    """Somebody deletes a pod."""

    name = "pod-deleted"
    told = "a pod is deleted by hand"
    grace_seconds: int | None = None

    async def inject(self, scene: Scene) -> None:
        """Delete the first that runs."""
        for pod in (await scene.pods())[:1]:
            await scene.delete_pod(pod, self.grace_seconds)


class PodForcedAway(PodDeleted):
    """Somebody deletes a pod, and does not wait for its end."""

    name = "pod-forced-away"
    told = "a pod is deleted by force, with no time to end"
    grace_seconds = 0


class PodsEvicted(Fault):
    """The node is drained."""

    name = "pods-evicted"
    told = "all pods of the run are evicted, as by `kubectl drain`"

    async def inject(self, scene: Scene) -> None:
        """Evict them."""
        for pod in await scene.pods():
            await scene.evict(pod)


class Preempted(Fault):
    """Something more important needs the GPUs."""

    name = "preempted"
    told = "pods of a higher priority take the run's GPUs, and give them back later"
    everywhere = True

    async def inject(self, scene: Scene) -> None:
        """Ask for nearly all GPUs with a higher priority."""
        await scene.crowd_out()

    async def undo(self, scene: Scene) -> None:
        """Give them back."""
        await scene.make_room()


class ScaledDown(Fault):
    """A video of ten hours, and workers that come and go."""

    name = "scaled-down"
    told = "videos of ten hours, while `workers.parallelism` goes from 4 to 1 and back, three times"

    def plan(self, plan: Plan) -> Plan:
        """Let every shard be one video of sixty sections of ten minutes."""
        return replace(plan, videos=1, sections=60, seconds=6.0)

    async def inject(self, scene: Scene) -> None:
        """Lower and raise it, again and again."""
        await scene.until_pods_run()
        for most in (1, 4, 1, 4, 1, 4):
            await scene.patch({"workers": {"parallelism": {"initial": most, "min": 1, "max": most}}})
            await scene.rest(2.5)

    def findings(self, scene: Scene) -> list[str]:
        """Return the sections that were heard twice, though every worker was only asked to stop."""
        heard = Counter(path.name.rsplit("-", 2)[0] for path in (scene.folder / "_faults" / "heard").iterdir())
        return [f"section {section} was heard {times} times" for section, times in heard.items() if times > 1]


async def kill_where_it_pauses(scene: Scene, mark: str = PAUSED) -> None:
    """Wait until a worker pauses, and kill it there; `mark` is what it leaves in the output.

    Raises:
        NotInTime: no worker came there, or none was there to be killed.
    """
    step, shard = await scene.paused(mark)

    async def look() -> bool:
        there = [pod for pod in await scene.pods() if step_of(pod) is step and _index(pod) == shard]
        for pod in there:
            kill(pod)
        return bool(there)

    await scene.until("the worker that pauses is killed", look, PAUSE_SECONDS)


def _index(pod: Object) -> int:
    return int(pod["metadata"].get("annotations", {}).get(_INDEX, "0"))


KINDS: tuple[type[Fault], ...] = (
    WorkerKilled,
    AllWorkersKilled,
    PodDeleted,
    PodForcedAway,
    PodsEvicted,
    Preempted,
    ScaledDown,
)
