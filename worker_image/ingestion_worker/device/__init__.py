"""The device that models run on: a real GPU, none, or a simulated one, behind one small interface."""

from ingestion_worker.device.detect import detect
from ingestion_worker.device.interface import ComputeDevice, Device, DeviceMemory

__all__ = ["ComputeDevice", "Device", "DeviceMemory", "detect"]
