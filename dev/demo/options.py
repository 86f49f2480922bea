"""What a person may choose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Options:
    """One demonstration."""

    videos: int
    gpu_gib: float
    workers: int
    adapt: bool
    keep: bool
    kill_operator: bool
    build: Path

    @property
    def folder(self) -> Path:
        """Where the demonstration writes."""
        return self.build / "demo"

    @property
    def cluster_folder(self) -> Path:
        """Where the cluster lies."""
        return self.build / "cluster"
