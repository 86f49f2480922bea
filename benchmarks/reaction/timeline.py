"""From what was noted and seen to how long each reaction took. Pure; moments are seconds since 1970."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a worker shows that its memory ran out: it turns not ready and waits, or it ends with exit code 85."""

    WAITS = "waits"
    EXITS = "exits"


@dataclass(frozen=True)
class Event:
    """A change of what a run's workers hold, as they note it themselves.

    Attributes:
        event: `holds`, `waits`, `exits` or `ends`.
        used: GiB that all of them hold from then on.
    """

    at: float
    worker: str
    event: str
    used: float


class Seen(StrEnum):
    """What a watch of the API server can show, with a number: an exit code, whether a pod is ready, or worker pods."""

    EXIT = "exit"
    READY = "ready"
    WANTED = "wanted"
    PARALLELISM = "parallelism"


@dataclass(frozen=True)
class Sighting:
    """What a watch beside the operator's has shown; `WANTED` is in the run's status, `PARALLELISM` in its Job."""

    at: float
    run: str
    seen: Seen
    value: int


@dataclass(frozen=True)
class Reaction:
    """What one run's OOM led to; None for what did not come.

    Attributes:
        short_at: memory ran out.
        visible_at: the operator could see it: on the worker's metrics page, or in the pod's status.
        status_at: its status has the decision.
        patched_at: fewer workers stand in the Job.
        relieved_at: memory is under the line for good.
    """

    run: str
    kind: Kind
    short_at: float
    visible_at: float
    status_at: float | None
    patched_at: float | None
    relieved_at: float | None

    @property
    def to_status(self) -> float | None:
        """Seconds until the decision is in the status."""
        return None if self.status_at is None else self.status_at - self.visible_at

    @property
    def to_patch(self) -> float | None:
        """Seconds until the Job is patched."""
        return None if self.patched_at is None else self.patched_at - self.visible_at

    @property
    def to_relief(self) -> float | None:
        """Seconds until memory is under the line."""
        return None if self.relieved_at is None else self.relieved_at - self.visible_at


def reaction(
    run: str, kind: Kind, events: Sequence[Event], sightings: Iterable[Sighting], workers: int, line: float
) -> Reaction | None:
    """Return how a run's OOM was answered; None if its memory did not run out, or nobody could see it.

    Args:
        run: its name.
        kind: how its worker shows it.
        events: of the run, in their order.
        sightings: of all runs, in their order.
        workers: how many there were.
        line: GiB that the workers may use together.
    """
    short_at = next((event.at for event in events if event.event == kind), None)
    if short_at is None:
        return None
    later = [sighting for sighting in sightings if sighting.run == run and sighting.at >= short_at]
    visible_at = short_at if kind is Kind.WAITS else _first(later, Seen.EXIT)
    if visible_at is None:
        return None
    return Reaction(
        run=run,
        kind=kind,
        short_at=short_at,
        visible_at=visible_at,
        status_at=_first(later, Seen.WANTED, below=workers),
        patched_at=_first(later, Seen.PARALLELISM, below=workers),
        relieved_at=_relieved_at(events, line),
    )


def _first(sightings: Iterable[Sighting], seen: Seen, below: int | None = None) -> float | None:
    return next((s.at for s in sightings if s.seen is seen and (below is None or s.value < below)), None)


def _relieved_at(events: Sequence[Event], line: float) -> float | None:
    """Return when memory went under the line for the last time; None if it is above it to the end."""
    above = [number for number, event in enumerate(events) if event.used > line]
    if not above or above[-1] + 1 == len(events):
        return None
    return events[above[-1] + 1].at
