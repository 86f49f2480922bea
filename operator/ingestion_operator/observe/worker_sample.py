"""What a worker says of itself at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ingestion_contract.metrics import Result, Stage, WorkerState

ResultCounts = Mapping[tuple[Result, str], int]
"""Videos by result and reason; the reason is empty for succeeded ones."""


@dataclass(frozen=True)
class WorkerSample:
    """One reading of a worker's metrics; sizes in bytes, None for what it did not say.

    Attributes:
        floor: models and a batch of one.
        window_bytes: what each further window of a batch adds.
        batch_size: windows in the latest batch.
        batch_ceiling: the largest batch that the worker allows itself.
        batch_overhead: time of a batch whatever its size, in windows.
        utilisation: busy share of the device, 0 to 1.
        windows_waiting: windows that are ready for the device.
        limiting: the stage that the others wait for.
        audio_seconds: transcribed by this process.
    """

    at: datetime
    state: WorkerState | None = None
    gpu_uuid: str | None = None
    device_used: int | None = None
    device_total: int | None = None
    own: int | None = None
    floor: int | None = None
    window_bytes: int | None = None
    batch_size: int | None = None
    batch_ceiling: int | None = None
    batch_overhead: float | None = None
    utilisation: float | None = None
    windows_waiting: int | None = None
    limiting: Stage | None = None
    oom_events: int = 0
    audio_seconds: int = 0
    limits_revision: int | None = None
    results: ResultCounts = field(default_factory=dict)

    @property
    def waits_for_memory(self) -> bool:
        """Whether it has given its memory back and waits for room."""
        return self.state is WorkerState.WAITING_FOR_MEMORY
