"""Which device a worker finds."""

from pathlib import Path

import pynvml
import pytest

from ingestion_worker.conclusion import ConfigurationError, NodeUnusable
from ingestion_worker.device import detect
from ingestion_worker.device.simulated import create, physics


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


def test_a_driver_that_does_not_work_makes_the_node_unusable(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a driver's update on the host without a reboot."""

    def mismatch() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH)

    monkeypatch.delenv("SIMULATED_GPU", raising=False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(pynvml, "nvmlInit", mismatch)
    with pytest.raises(NodeUnusable, match="driver of this node"):
        detect()


@pytest.mark.parametrize("hidden", ["", "-1", "NoDevFiles"])
def test_a_gpu_that_cuda_hides_is_none(monkeypatch: pytest.MonkeyPatch, hidden: str) -> None:
    monkeypatch.delenv("SIMULATED_GPU", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    monkeypatch.setattr(pynvml, "nvmlInit", lambda: pytest.fail("NVML is not asked"))
    assert detect().compute == "cpu"
