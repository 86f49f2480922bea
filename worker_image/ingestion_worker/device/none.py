"""No device: models run on the CPU, and there is no device memory to govern."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from ingestion_contract.metrics import Stage
from ingestion_worker.device.interface import ComputeDevice, DeviceMemory


class NoDevice:
    """The CPU."""

    uuid = ""
    name = "CPU"
    simulated = False
    compute: ComputeDevice = "cpu"

    def memory(self) -> DeviceMemory | None:
        """Return None: host memory is the kubelet's to govern."""
        return None

    def utilisation(self) -> float | None:
        """Return None."""
        return None

    def load(self, stage: Stage, *, smaller: bool = False) -> AbstractContextManager[None]:
        """Do nothing."""
        return nullcontext()

    def unload(self, stage: Stage) -> AbstractContextManager[None]:
        """Do nothing."""
        return nullcontext()

    def trim(self, stage: Stage) -> AbstractContextManager[None]:
        """Do nothing."""
        return nullcontext()

    def run(self, stage: Stage, size: int, *, watch: bool = False) -> AbstractContextManager[None]:
        """Do nothing."""
        return nullcontext()
