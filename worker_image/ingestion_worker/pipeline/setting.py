"""Where and how a worker works."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from threading import Event

from ingestion_worker.device import Device
from ingestion_worker.memory.limits_file import LimitsFile
from ingestion_worker.source.addresses import AddressRules
from ingestion_worker.telemetry.metrics import Metrics


@dataclass(frozen=True)
class Setting:
    """Where and how a worker works.

    Attributes:
        cookies: a cookies.txt, or None.
        rules: which addresses may be asked.
        scratch: a folder for downloads.
        threads: CPU threads that the models' libraries may use.
        memory_wait_seconds: how long room on the device is waited for.
    """

    device: Device
    metrics: Metrics
    limits: LimitsFile
    stop: Event
    cookies: Path | None
    rules: AddressRules
    scratch: Path
    threads: int
    memory_wait_seconds: float
