"""The API server answers the operator badly, late, or not at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import ClassVar, Self

from benchmarks.faults.fault import Fault
from benchmarks.faults.plan import Plan
from benchmarks.faults.proxy import ALL, FAIR, WRITES, Weather
from benchmarks.faults.scene import Scene


@dataclass(frozen=True)
class BadWeather(Fault):
    """The operator's requests go wrong for some seconds."""

    weather: Weather = FAIR

    async def inject(self, scene: Scene) -> None:
        """Let them go wrong."""
        scene.slot.api.change(self.weather)

    async def undo(self, scene: Scene) -> None:
        """Let them fare well again."""
        scene.slot.api.change(FAIR)


class Answers(BadWeather):
    """The API server answers with an error."""

    status: ClassVar[int]

    @classmethod
    def draw(cls, random: Random) -> Self:
        """Return one by chance."""
        methods = random.choice((ALL, WRITES))
        weather = Weather(statuses=(cls.status,), share=random.choice((0.3, 0.7, 1.0)), methods=methods)
        return replace(super().draw(random), weather=weather)


class Answers409(Answers):
    """Somebody else was faster, always."""

    status, name, told = 409, "api-409", "the API server answers the operator 409 Conflict"


class Answers422(Answers):
    """What is written is invalid."""

    status, name, told = 422, "api-422", "the API server answers the operator 422 Invalid, as a webhook may"


class Answers429(Answers):
    """There are too many requests."""

    status, name, told = 429, "api-429", "the API server answers the operator 429 Too Many Requests"


class Answers500(Answers):
    """It fails."""

    status, name, told = 500, "api-500", "the API server answers the operator 500"


class Answers503(Answers):
    """It is overloaded."""

    status, name, told = 503, "api-503", "the API server answers the operator 503"


class Slow(BadWeather):
    """Every answer takes its time."""

    name = "api-slow"
    told = "every request of the operator takes up to three seconds longer"

    @classmethod
    def draw(cls, random: Random) -> Self:
        """Return one by chance."""
        return replace(super().draw(random), weather=Weather(delay_seconds=round(random.uniform(0.2, 3), 1)))


class Silent(BadWeather):
    """Nobody listens."""

    name = "api-silent"
    told = "the operator's connections to the API server are closed without an answer"

    @classmethod
    def draw(cls, random: Random) -> Self:
        """Return one by chance."""
        return replace(super().draw(random), weather=Weather(refuses=True))


class AnswersLost(BadWeather):
    """What is written is done, but the operator does not know."""

    name = "answers-lost"
    told = "the operator's writes are done, but the answers are lost"

    @classmethod
    def draw(cls, random: Random) -> Self:
        """Return one by chance."""
        weather = Weather(loses_answers=True, methods=WRITES, share=random.choice((0.3, 0.7, 1.0)))
        return replace(super().draw(random), weather=weather)


class WatchesCut(BadWeather):
    """Watches end as soon as they begin."""

    name = "watches-cut"
    told = "the operator's watches are cut, and end again as soon as they begin"

    @classmethod
    def draw(cls, random: Random) -> Self:
        """Return one by chance."""
        return replace(super().draw(random), weather=Weather(cuts_watches=True))


class WatchesLate(BadWeather):
    """What is known is old."""

    name = "watches-late"
    told = "the operator's watches are open, but what they tell is held back: stale informers"

    @classmethod
    def draw(cls, random: Random) -> Self:
        """Return one by chance."""
        return replace(super().draw(random), weather=Weather(holds_watches=True))


class LimitsLate(BadWeather):
    """A change of limits takes as long as the kubelet likes."""

    name = "limits-late"
    told = "pods cannot be annotated, so that a changed ConfigMap reaches them only with the kubelet's own refresh"
    lasting = True

    @classmethod
    def draw(cls, random: Random) -> Self:
        """Return one by chance."""
        return replace(super().draw(random), at=0.0, weather=Weather(statuses=(503,), methods=WRITES, path="/pods/"))

    def plan(self, plan: Plan) -> Plan:
        """Let memory be short, so that limits change."""
        return replace(plan, room=2)


KINDS: tuple[type[Fault], ...] = (
    Answers409,
    Answers422,
    Answers429,
    Answers500,
    Answers503,
    Slow,
    Silent,
    AnswersLost,
    WatchesCut,
    WatchesLate,
    LimitsLate,
)
