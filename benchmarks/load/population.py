"""Runs under load: those at work, those that wait for a GPU, those that have ended, and one of 100,000 videos."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from ingestion_contract import identity
from ingestion_contract.status import (
    Adaptation,
    ConditionType,
    IngestionRunStatus,
    VideoList,
    Videos,
    WorkersStatus,
)
from ingestion_operator.status.conditions import Conditions

NAMESPACE = "load"
WORKERS = 2
"""Of a run at work; they share a device."""
SHARDS = 4
SHARD_VIDEOS = 50
TARGET_PERCENT = 80
FINISHED_PER_ACTIVE = 5
VIDEOS_OF_THE_LARGE = 100_000
LARGE = "large"
_AT_WORK_EVERY = 4
"""One run in four has its two workers: half as many worker pods as there are runs."""


class Role(StrEnum):
    """What becomes of a run's pods, by the beginning of its name.

    at-work: they run. queued: no node has a GPU for them. large: they run, and end one after another.
    """

    AT_WORK = "at-work"
    QUEUED = "queued"
    LARGE = LARGE


@dataclass(frozen=True)
class Run:
    """A run that has not ended."""

    name: str
    role: Role
    shards: int = SHARDS
    videos: int = SHARDS * SHARD_VIDEOS

    @property
    def workers(self) -> int:
        """Worker pods that it wants."""
        return 1 if self.role is Role.QUEUED else WORKERS

    def manifest(self) -> dict[str, Any]:
        """Return the IngestionRun."""
        return _manifest(self.name, self.workers)


def active_runs(count: int) -> list[Run]:
    """Return so many runs, of which one in four is at work."""
    roles = [Role.AT_WORK if number % _AT_WORK_EVERY == 0 else Role.QUEUED for number in range(count)]
    return [Run(f"{role}-{number:05}", role) for number, role in enumerate(roles)]


def finished_name(number: int) -> str:
    """Return the name of a run that has ended."""
    return f"finished-{number:05}"


def finished_manifest() -> dict[str, Any]:
    """Return the first run that is to be given the status of one that has ended."""
    return _manifest(finished_name(0), WORKERS)


def finished_status() -> dict[str, Any]:
    """Return the status of a run that has ended after its parallelism was changed twice."""
    ended = datetime(2026, 11, 29, 12, tzinfo=UTC)
    conditions = Conditions([], 1, ended)
    conditions.complete("Ingested", "196 of 198 videos that exist and may be read were ingested; 2 skipped (Gone 2)")
    conditions.set(ConditionType.MEMORY_PRESSURE, False, "RunEnded")
    conditions.set(ConditionType.SOURCE_BLOCKED, False, "RunEnded")
    why = "2 of 4 workers on GPU-5afec881 wait for memory; floor 8.6 GiB each; 2 fit under 80 % of 24.0 GiB"
    changes = [
        Adaptation(time=ended, lever="parallelism", from_=before, to=to, reason=reason, message=why)
        for before, to, reason in ((4, 2, "MemoryPressure"), (2, 3, "Recovered"))
    ]
    return IngestionRunStatus(
        observed_generation=1,
        conditions=conditions.to_list(),
        start_time=ended,
        completion_time=ended,
        progress="200/200",
        videos=Videos(total=200, succeeded=196, failed=2, skipped=2, success_percent=98, reasons={"Gone": 2}),
        video_list=VideoList(count=200, shards=SHARDS, digest="0" * 64),
        workers=WorkersStatus(parallelism=3, reason="Recovered"),
        adaptations=changes,
    ).to_wire()


def _manifest(name: str, workers: int) -> dict[str, Any]:
    return {
        "apiVersion": identity.API_VERSION,
        "kind": identity.KIND,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "source": {"urls": [f"https://stand-in.example/{name}"]},
            "output": {"uri": f"s3://stand-in/{name}"},
            "workers": {"parallelism": {"initial": workers, "min": 1, "max": workers}},
            "memory": {"targetPercent": TARGET_PERCENT},
        },
    }
