"""What was measured of one operator with so many runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.load.contestant import Contestant
from benchmarks.reaction.timeline import Reaction

MIB = 2**20


@dataclass(frozen=True)
class Stretch:
    """What the operator used for a while.

    Attributes:
        cores: of CPU, on average.
        resident_bytes: of memory, at the most.
        requests: to the API server, of each kind; watches are none.
        page_seconds: until its own metrics page was there, at the longest.
        machine_percent: how busy all cores of the machine were, with all that was on it.
        load_average: of the machine, at the end.
    """

    seconds: float
    worker_pods: int
    cores: float
    resident_bytes: int
    requests: Mapping[str, int]
    page_seconds: float
    machine_percent: float
    load_average: float

    @property
    def requests_total(self) -> int:
        """All requests."""
        return sum(self.requests.values())

    def words(self) -> str:
        """Return it in a line."""
        asked = ", ".join(f"{kind} {number}" for kind, number in self.requests.items()) or "none"
        return (
            f"{self.cores:.3f} cores, {self.resident_bytes / MIB:.0f} MiB, requests: {asked}; "
            f"its metrics took {self.page_seconds:.1f} s; the machine was busy at {self.machine_percent:.0f} %"
        )


@dataclass(frozen=True)
class Large:
    """The run of 100,000 videos.

    Attributes:
        shards: completions of its Job.
        status_bytes: of its status, as JSON.
        operator_bytes: by which the operator's resident memory grew.
    """

    videos: int
    shards: int
    done: int
    status_bytes: int
    operator_bytes: int

    @classmethod
    def of(cls, raw: Mapping[str, Any], operator_bytes: int) -> Large:
        """Read it from the run as the API server returns it."""
        status = raw["status"]
        listed, videos = status["videoList"], status["videos"]
        size = len(json.dumps(status, separators=(",", ":")).encode())
        return cls(listed["count"], listed["shards"], videos["succeeded"], size, operator_bytes)


@dataclass(frozen=True)
class Outcome:
    """All of one operator with so many runs.

    Attributes:
        start_seconds: from the start of the process, with all objects there, to serving a run applied meanwhile.
        settled: whether the operator came to ask nothing more.
        steady: while nothing changed.
        busy: while each worker ended a video a minute; None for an operator that would not notice.
        reconcile_seconds: from a new run's creation until its first Job is asked for.
        short: runs whose memory ran out.
        reactions: to that, as far as it could be seen.
    """

    contestant: Contestant
    runs: int
    finished: int
    start_seconds: float
    settled: bool
    steady: Stretch
    busy: Stretch | None
    reconcile_seconds: list[float]
    short: int
    reactions: list[Reaction]
    large: Large | None

    @property
    def patch_seconds(self) -> list[float]:
        """From each OOM to the patched Job, where it was patched."""
        return [each.to_patch for each in self.reactions if each.to_patch is not None]

    @property
    def to_patch(self) -> float | None:
        """The median of those; None if no Job was patched."""
        return median(self.patch_seconds) if self.patch_seconds else None
