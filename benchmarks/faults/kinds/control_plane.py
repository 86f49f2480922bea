"""Programs of the cluster die: API server, etcd, controllers, scheduler, the node."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import ClassVar, Self

from benchmarks.faults.fault import Fault
from benchmarks.faults.scene import Scene
from dev.cluster.control_plane import Program
from ingestion_contract.status import ConditionType
from ingestion_operator.status.conditions import find_condition

API_SERVER_AWAY_SECONDS = (2.0, 10.0, 30.0)
STUCK = "ShardStuckTerminating"


class ProgramKilled(Fault):
    """A program of the control plane dies, and is started again on what it had."""

    everywhere = True
    program: ClassVar[Program]

    async def inject(self, scene: Scene) -> None:
        """Kill it."""
        scene.slot.cluster.control_plane.kill(self.program)

    async def undo(self, scene: Scene) -> None:
        """Start it."""
        scene.slot.cluster.control_plane.start_again(self.program)


class ApiServerKilled(ProgramKilled):
    """The API server is away."""

    program, name = Program.API_SERVER, "api-server-killed"
    told = "the API server is killed (SIGKILL), and away for 2, 10 or 30 s"

    @classmethod
    def draw(cls, random: Random) -> Self:
        """Return one by chance."""
        return replace(super().draw(random), seconds=random.choice(API_SERVER_AWAY_SECONDS))


class EtcdKilled(ProgramKilled):
    """The API server's memory is away."""

    program, name = Program.ETCD, "etcd-killed"
    told = "etcd is killed (SIGKILL), and started again on its data"


class ControllerManagerKilled(ProgramKilled):
    """No Job moves."""

    program, name = Program.CONTROLLER_MANAGER, "controller-manager-killed"
    told = "the controller manager is killed (SIGKILL), and started again"


class SchedulerKilled(ProgramKilled):
    """No pod starts."""

    program, name = Program.SCHEDULER, "scheduler-killed"
    told = "the scheduler is killed (SIGKILL), and started again"


class NodeKilled(Fault):
    """The node dies with all its pods, and comes back."""

    name = "node-killed"
    told = "the node is killed with all its pods, and comes back seconds later"
    everywhere = True

    async def inject(self, scene: Scene) -> None:
        """Kill it."""
        scene.slot.cluster.node.kill()

    async def undo(self, scene: Scene) -> None:
        """Start it."""
        scene.slot.cluster.node.start(scene.slot.cluster.options)


@dataclass(frozen=True)
class StuckTerminating(NodeKilled):
    """A pod is to go, on a node that is dead: it never does, until the node comes back."""

    name = "stuck-terminating"
    told = "pods are deleted on a node that is dead, and never end; the run says so, and the node comes back"

    @classmethod
    def draw(cls, random: Random) -> Self:
        """Return one by chance."""
        return cls(at=random.choice((0.2, 0.4)))

    async def inject(self, scene: Scene) -> None:
        """Kill the node, delete a worker, and wait until the run says what keeps it."""
        workers = (await scene.pods())[:1]
        await super().inject(scene)
        for pod in workers:
            await scene.delete_pod(pod, grace_seconds=1)

        async def told() -> bool:
            ready = find_condition((await scene.status()).conditions, ConditionType.READY)
            return ready is not None and ready.reason == STUCK and scene.slot.cluster.options.name in ready.message

        if workers:
            await scene.until(f"the run is {STUCK}, and names the node", told)


KINDS: tuple[type[Fault], ...] = (
    ApiServerKilled,
    EtcdKilled,
    ControllerManagerKilled,
    SchedulerKilled,
    NodeKilled,
    StuckTerminating,
)
