"""The time in which a run was worked on: nights between two attempts are cut out. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

PAUSE = timedelta(minutes=5)
"""A longer time without any worker is no part of the axis."""


@dataclass(frozen=True)
class Pause:
    """A cut in the axis: where it is, in seconds of worked time, and how long nobody worked."""

    at: float
    lasted: timedelta


@dataclass(frozen=True)
class WorkedTime:
    """Maps moments to seconds of worked time. `stretches` do not overlap, and are in order."""

    stretches: tuple[tuple[datetime, datetime], ...]

    @property
    def seconds(self) -> float:
        """How long the run was worked on."""
        return sum((end - start).total_seconds() for start, end in self.stretches)

    @property
    def pauses(self) -> list[Pause]:
        """The cuts."""
        neighbours = zip(self.stretches, self.stretches[1:], strict=False)
        return [Pause(self.at(later[0]), later[0] - earlier[1]) for earlier, later in neighbours]

    def at(self, moment: datetime) -> float:
        """Return the seconds worked until then."""
        spans = ((start, max(start, min(end, moment))) for start, end in self.stretches)
        return sum((end - start).total_seconds() for start, end in spans)


def worked_time(spans: Iterable[tuple[datetime, datetime]]) -> WorkedTime:
    """Join spans that overlap, or have less than a pause between them."""
    stretches: list[tuple[datetime, datetime]] = []
    for start, end in sorted(spans):
        if stretches and start - stretches[-1][1] <= PAUSE:
            stretches[-1] = (stretches[-1][0], max(end, stretches[-1][1]))
        else:
            stretches.append((start, end))
    return WorkedTime(tuple(stretches))
