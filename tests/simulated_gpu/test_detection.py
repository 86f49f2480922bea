"""Which device a worker finds."""

from pathlib import Path

import pynvml
import pytest

from ingestion_worker.device import detect
from ingestion_worker.device.simulated import create, physics
from ingestion_worker.step import ConfigurationError


def test_the_environment_names_a_simulated_gpu_and_models_run_on_the_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uuid = create(tmp_path, 24 * physics.GIB, "Simulated L4")
    monkeypatch.setenv("SIMULATED_GPU", str(tmp_path))
    device = detect()
    assert (device.uuid, device.name, device.simulated, device.compute) == (uuid, "Simulated L4", True, "cpu")


def test_a_folder_without_one_is_an_error_that_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMULATED_GPU", str(tmp_path))
    with pytest.raises(ConfigurationError, match=str(tmp_path)):
        detect()


def test_without_a_gpu_there_is_no_device_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_driver() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.delenv("SIMULATED_GPU", raising=False)
    monkeypatch.setattr(pynvml, "nvmlInit", no_driver)
    device = detect()
    assert (device.uuid, device.memory(), device.utilisation(), device.compute) == ("", None, None, "cpu")
