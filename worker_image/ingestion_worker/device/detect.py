"""Finds the device of this process."""

from __future__ import annotations

import os
from pathlib import Path

from ingestion_worker.conclusion import ConfigurationError
from ingestion_worker.device.interface import Device
from ingestion_worker.device.none import NoDevice
from ingestion_worker.device.nvml import first_gpu
from ingestion_worker.device.simulated.device import SimulatedGpu

SIMULATED_GPU = "SIMULATED_GPU"
"""Environment: the folder of a simulated GPU, made by `python -m ingestion_worker.device.simulated create`."""


def detect() -> Device:
    """Return the simulated GPU that the environment names, else the first real GPU, else the CPU.

    Raises:
        ConfigurationError: the environment names a folder that holds no simulated GPU.
    """
    folder = os.environ.get(SIMULATED_GPU)
    if folder:
        try:
            return SimulatedGpu(Path(folder))
        except FileNotFoundError as error:
            raise ConfigurationError(f"{SIMULATED_GPU}={folder} names no simulated GPU: {error}") from error
    return first_gpu() or NoDevice()
