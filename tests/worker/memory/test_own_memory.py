"""What a process holds on a real device, by what NVML says: alone, beside others, and in a container."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from types import SimpleNamespace

import pynvml
import pytest

from ingestion_contract.metrics import Stage
from ingestion_worker.device.nvml import NvmlDevice
from tests.worker.governor.strategies import GIB, MIB
from tests.worker.support.runs import wait_for


@dataclass
class Driver:
    """Stands for NVML: bytes by process id."""

    held: dict[int, int] = field(default_factory=dict)
    host_ids: bool = False
    asked: int = 0

    @property
    def me(self) -> int:
        return 4_000_000 if self.host_ids else os.getpid()

    def info(self, _handle: object, version: object) -> SimpleNamespace:
        self.asked += 1
        return SimpleNamespace(total=24 * GIB, used=sum(self.held.values()))

    def processes(self, _handle: object) -> list[SimpleNamespace]:
        self.asked += 1
        return [SimpleNamespace(pid=pid, usedGpuMemory=size) for pid, size in self.held.items()]


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    driver = Driver()
    monkeypatch.setattr(pynvml, "nvmlDeviceGetMemoryInfo", driver.info)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetComputeRunningProcesses", driver.processes)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetUUID", lambda _handle: "GPU-1")
    monkeypatch.setattr(pynvml, "nvmlDeviceGetName", lambda _handle: "a card")
    return driver


def own(device: NvmlDevice) -> int:
    memory = device.memory()
    assert memory is not None
    return memory.own


def highest(device: NvmlDevice) -> int:
    memory = device.memory()
    assert memory is not None
    return memory.highest


def test_where_nvml_names_this_process_neighbours_do_not_matter(driver: Driver) -> None:
    device = NvmlDevice(object())
    with device.load(Stage.ASR):
        driver.held = {driver.me: 2 * GIB, 1: 6 * GIB}
    memory = device.memory()
    assert memory is not None
    assert (memory.own, memory.used, memory.exact) == (2 * GIB, 8 * GIB, True)


def test_what_a_batch_took_counts_though_the_allocator_gave_it_back(driver: Driver) -> None:
    device = NvmlDevice(object())
    driver.held = {driver.me: 2 * GIB}
    with device.run(Stage.ASR, 4):
        driver.held = {driver.me: 3 * GIB}
        asked = driver.asked
        wait_for(lambda: driver.asked > asked + 4, "the batch is watched")
        driver.held = {driver.me: 2 * GIB}
    assert own(device) == 2 * GIB
    assert highest(device) == 3 * GIB
    with device.unload(Stage.ASR):
        driver.held = {driver.me: 300 * MIB}
    assert highest(device) == 300 * MIB


def test_only_a_batch_that_is_larger_than_all_before_is_watched(driver: Driver) -> None:
    device = NvmlDevice(object())
    driver.held = {driver.me: 2 * GIB}
    with device.run(Stage.ASR, 4):
        pass
    with device.run(Stage.ASR, 4):
        driver.held = {driver.me: 9 * GIB}
        driver.held = {driver.me: 2 * GIB}
    assert highest(device) == 2 * GIB


def test_in_a_container_its_own_is_what_the_device_gained_by_its_doing(driver: Driver) -> None:
    driver.host_ids, driver.held = True, {1: 5 * GIB}
    device = NvmlDevice(object())
    with device.load(Stage.ASR):
        driver.held[driver.me] = 2 * GIB
    driver.held[1] = 7 * GIB
    with device.run(Stage.ASR, 1):
        driver.held[driver.me] += 200 * MIB
    with device.run(Stage.ASR, 1):
        driver.held[1] = 9 * GIB
    memory = device.memory()
    assert memory is not None
    assert not memory.exact
    assert memory.own == memory.highest == 2 * GIB + 200 * MIB
    assert memory.used - memory.own == 9 * GIB
    with device.unload(Stage.ASR):
        driver.held[driver.me] = 300 * MIB
    assert own(device) == 300 * MIB


def test_what_a_library_gives_back_is_no_longer_its_own_and_is_seen_when_a_batch_takes_it_again(
    driver: Driver,
) -> None:
    driver.host_ids, driver.held = True, {1: 5 * GIB}
    device = NvmlDevice(object())
    with device.load(Stage.EMBED):
        driver.held[driver.me] = 2 * GIB
    with device.run(Stage.EMBED, 8):
        driver.held[driver.me] = 3 * GIB
    with device.trim(Stage.EMBED):
        driver.held[driver.me] = 2 * GIB
    assert own(device) == 2 * GIB
    assert highest(device) == 3 * GIB
    with device.run(Stage.EMBED, 8):
        driver.held[driver.me] = 3 * GIB
    assert own(device) == 3 * GIB


def test_a_batch_may_be_watched_though_one_as_large_ran_before(driver: Driver) -> None:
    device = NvmlDevice(object())
    driver.held = {driver.me: 2 * GIB}
    with device.run(Stage.ASR, 1):
        pass
    with device.run(Stage.ASR, 1, watch=True):
        driver.held = {driver.me: 3 * GIB}
        asked = driver.asked
        wait_for(lambda: driver.asked > asked + 4, "the batch is watched")
        driver.held = {driver.me: 2 * GIB}
    assert highest(device) == 3 * GIB


def test_a_batch_that_fails_is_no_measurement(driver: Driver) -> None:
    device = NvmlDevice(object())
    driver.held = {driver.me: 2 * GIB}
    with pytest.raises(RuntimeError), device.run(Stage.ASR, 8):
        raise RuntimeError("CUDA failed with error out of memory")
    with device.run(Stage.ASR, 4):
        driver.held = {driver.me: 3 * GIB}
    assert highest(device) == 3 * GIB
