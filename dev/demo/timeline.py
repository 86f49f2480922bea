"""What was seen while the run went on, and what follows from it. Pure: observations in, numbers out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ingestion_contract.status import IngestionRunStatus


@dataclass(frozen=True)
class DeviceReading:
    """The simulated device at one moment, in bytes.

    `peak`, `refusals` (out of memory) and `busy_seconds` are since it was made.
    """

    total: int
    used: int
    peak: int
    refusals: int
    busy_seconds: float = 0.0

    @property
    def used_percent(self) -> float:
        """Used of total, in percent."""
        return 100 * self.used / self.total


@dataclass(frozen=True)
class Observation:
    """One look at the cluster and the device, `t` seconds after the run was applied."""

    t: float
    status: IngestionRunStatus
    parallelism: int | None
    pods: int
    work_ended: bool
    device: DeviceReading


@dataclass(frozen=True)
class Change:
    """A value that held from `t` seconds on."""

    t: float
    value: int

    def to_json(self) -> dict[str, Any]:
        """Return it as in `result.json`."""
        return {"t": round(self.t, 1), "value": self.value}


def parallelism_changes(observations: Sequence[Observation]) -> list[Change]:
    """Return `Job.spec.parallelism` over time: the first value, then each that differs from the one before."""
    changes: list[Change] = []
    for seen in observations:
        if seen.parallelism is not None and (not changes or changes[-1].value != seen.parallelism):
            changes.append(Change(seen.t, seen.parallelism))
    return changes


def steady_memory_percent(observations: Sequence[Observation]) -> float | None:
    """Return the highest use of the device in the steady state, in percent; None if that never came.

    The steady state begins when no more pods are there than the last value of the parallelism lever asks for, those on
    their way out included, and ends with the work.
    """
    changes = parallelism_changes(observations)
    if not changes:
        return None
    last = changes[-1]
    after = [seen for seen in observations if seen.t >= last.t and not seen.work_ended]
    settled = next((seen.t for seen in after if 0 < seen.pods <= last.value), None)
    if settled is None:
        return None
    return max(seen.device.used_percent for seen in after if seen.t >= settled)
