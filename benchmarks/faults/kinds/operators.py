"""The operator dies, sleeps, is there twice, or reads a clock that is wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Self

from benchmarks.faults.fault import Fault
from benchmarks.faults.plan import Plan
from benchmarks.faults.scene import Scene
from benchmarks.faults.slot import LIBFAKETIME


class OperatorKilled(Fault):
    """Nobody decides for a while."""

    name = "operator-killed"
    told = "the operator is killed (SIGKILL), and started again seconds later"

    async def inject(self, scene: Scene) -> None:
        """Kill it."""
        scene.slot.operator.kill()

    async def undo(self, scene: Scene) -> None:
        """Start it."""
        scene.slot.operator.start()


class OperatorKilledAgain(Fault):
    """It dies as soon as it is there."""

    name = "operator-killed-again"
    told = "the operator is killed five times, each soon after it was started"

    async def inject(self, scene: Scene) -> None:
        """Kill it, and start it, and so on."""
        for _ in range(5):
            scene.slot.operator.kill()
            scene.slot.operator.start()
            await scene.rest(self.seconds / 2)


class OperatorAsleep(Fault):
    """It goes on with what it believed long ago."""

    name = "operator-asleep"
    told = "the operator is stopped in the middle of its work (SIGSTOP), and goes on seconds later"

    async def inject(self, scene: Scene) -> None:
        """Put it to sleep."""
        scene.slot.operator.sleep()

    async def undo(self, scene: Scene) -> None:
        """Wake it."""
        scene.slot.operator.wake()


class TwoOperators(Fault):
    """Two decide at once."""

    name = "two-operators"
    told = "a second operator serves the same run, while memory is short"
    lasting = True

    def plan(self, plan: Plan) -> Plan:
        """Let memory be short, so that there is something to decide."""
        return replace(plan, room=2)

    async def inject(self, scene: Scene) -> None:
        """Start another."""
        scene.slot.second.start()

    async def undo(self, scene: Scene) -> None:
        """Stop it."""
        scene.slot.second.stop()


@dataclass(frozen=True)
class ClockJumps(Fault):
    """The operator's clock jumps while it runs, forth or back, and back again."""

    name = "clock-jumps"
    told = "the operator's clock jumps by up to two hours, forth or back, and later back again"

    jump: int = 0

    @classmethod
    def draw(cls, random: Random) -> Self:
        """Return one by chance."""
        drawn = super().draw(random)
        return replace(drawn, jump=random.choice((-1, 1)) * random.choice((30, 600, 7200)))

    @classmethod
    def missing(cls) -> str | None:
        """Return what this machine lacks for it, None if nothing."""
        return None if LIBFAKETIME.exists() else "libfaketime is missing: run `apt-get install libfaketime`"

    def prepare(self, scene: Scene) -> None:
        """Give the operator a clock that can be moved."""
        scene.slot.operator.stop()
        scene.slot.operator.start(own_clock=True)

    async def inject(self, scene: Scene) -> None:
        """Let it jump."""
        scene.slot.operator.set_clock(self.jump)

    async def undo(self, scene: Scene) -> None:
        """Let it be right again."""
        scene.slot.operator.set_clock(0)


KINDS: tuple[type[Fault], ...] = (OperatorKilled, OperatorKilledAgain, OperatorAsleep, TwoOperators, ClockJumps)
