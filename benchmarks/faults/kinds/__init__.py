"""All faults, by what goes wrong."""

from __future__ import annotations

from benchmarks.faults.fault import Fault
from benchmarks.faults.kinds import answers, control_plane, jobs, operators, scrapes, storage, workers

KINDS: tuple[type[Fault], ...] = (
    *operators.KINDS,
    *workers.KINDS,
    *jobs.KINDS,
    *answers.KINDS,
    *scrapes.KINDS,
    *storage.KINDS,
    *control_plane.KINDS,
)
