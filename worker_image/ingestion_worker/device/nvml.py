"""An NVIDIA GPU, as NVML reports it."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from typing import Any

import pynvml

from ingestion_contract.metrics import Stage
from ingestion_worker.conclusion import NodeUnusable
from ingestion_worker.device.interface import ComputeDevice, DeviceMemory
from ingestion_worker.device.own_memory import OwnMemory


class NvmlDevice:
    """The first GPU that this process may see."""

    simulated = False
    compute: ComputeDevice = "cuda"

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self.uuid: str = pynvml.nvmlDeviceGetUUID(handle)
        self.name: str = pynvml.nvmlDeviceGetName(handle)
        self._own = OwnMemory(lambda: int(self._memory_info().used), self._own_by_pid)

    def memory(self) -> DeviceMemory | None:
        """Return the device's memory now."""
        info = self._memory_info()
        return DeviceMemory(
            total=info.total,
            used=info.used,
            own=self._own.now,
            highest=self._own.highest,
            exact=self._own.exact,
        )

    def utilisation(self) -> float | None:
        """Return NVML's utilisation: the share of its last sample in which a kernel ran. None under MIG."""
        try:
            return float(pynvml.nvmlDeviceGetUtilizationRates(self._handle).gpu) / 100
        except pynvml.NVMLError_NotSupported:
            return None

    def load(self, stage: Stage, *, smaller: bool = False) -> AbstractContextManager[None]:
        """Measure what the block gains."""
        return self._own.loading()

    def unload(self, stage: Stage) -> AbstractContextManager[None]:
        """Measure what the block frees."""
        return self._own.unloading(stage)

    def trim(self, stage: Stage) -> AbstractContextManager[None]:
        """Measure what the block frees."""
        return self._own.trimming(stage)

    def run(self, stage: Stage, size: int, *, watch: bool = False) -> AbstractContextManager[None]:
        """Measure the highest mark of a batch that is larger than all before, or watched in any case."""
        return self._own.running(stage, size, watch=watch)

    def _memory_info(self) -> Any:
        return pynvml.nvmlDeviceGetMemoryInfo(self._handle, version=pynvml.nvmlMemory_v2)

    def _own_by_pid(self) -> int | None:
        """Return what NVML says of this process; None in a container, where it names processes by the host's ids."""
        for process in pynvml.nvmlDeviceGetComputeRunningProcesses(self._handle):
            if process.pid == os.getpid() and process.usedGpuMemory is not None:
                return int(process.usedGpuMemory)
        return None


def first_gpu() -> NvmlDevice | None:
    """Return the first GPU that `CUDA_VISIBLE_DEVICES` lets this process see, or None without driver or GPU.

    Raises:
        NodeUnusable: there is a driver, and it does not work.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0].strip()
    by_uuid = visible.startswith(("GPU-", "MIG-"))
    if not by_uuid and not visible.isdigit():
        return None
    try:
        pynvml.nvmlInit()
        if pynvml.nvmlDeviceGetCount() == 0:
            return None
        if by_uuid:
            return NvmlDevice(pynvml.nvmlDeviceGetHandleByUUID(visible))
        return NvmlDevice(pynvml.nvmlDeviceGetHandleByIndex(int(visible)))
    except (pynvml.NVMLError_LibraryNotFound, pynvml.NVMLError_DriverNotLoaded, pynvml.NVMLError_NoPermission):
        return None
    except pynvml.NVMLError as error:
        raise NodeUnusable(f"the NVIDIA driver of this node does not give GPU {visible}: {error}") from error
