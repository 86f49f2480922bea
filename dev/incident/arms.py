"""The three arms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

WORKERS = 4
"""Of the incident, and what each arm begins with."""

Say = Callable[[str], None]


class Arm(StrEnum):
    """Who ingests the clips."""

    INCIDENT = "incident"
    FROZEN = "frozen"
    ADAPTIVE = "adaptive"


ABOUT = {
    Arm.INCIDENT: (
        "a separate copy of the founding program: four processes, each with its own models, no batch, one try per "
        "video, `gc.collect()` and `torch.cuda.empty_cache()` after each; no part of the worker"
    ),
    Arm.FROZEN: "our worker, started by the operator, whose levers are frozen at four workers (`ADAPT=off`)",
    Arm.ADAPTIVE: "our worker and our operator, as they are",
}


@dataclass(frozen=True)
class Setting:
    """What all arms share.

    Attributes:
        videos: clips of the sample.
        gpu_gib: memory of the simulated GPU.
        folder: where each arm has a folder of its own.
        cpus: of this machine, on which the models really run.
        load_average: of this machine, over the minute before the arms begin.
    """

    videos: int
    gpu_gib: float
    folder: Path
    cpus: int
    load_average: float
