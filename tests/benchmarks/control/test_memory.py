"""The memory of the contest is that of the demo's simulated GPU."""

from __future__ import annotations

from random import Random

import pytest

from benchmarks.control import physics
from benchmarks.control.clairvoyant import largest_batch
from benchmarks.control.device import Gpu
from benchmarks.control.families import make
from benchmarks.control.scenario import Device, Scenario, Visit
from benchmarks.control.shard import Shard
from benchmarks.control.worker import Conduct, Phase, Worker
from ingestion_contract.limits import Limits
from ingestion_contract.metrics import OomKind, Stage
from ingestion_worker.device.errors import OutOfDeviceMemory
from ingestion_worker.device.simulated import physics as simulated

GIB = physics.GIB
L4 = Device(physics.L4, slots=8, fragmentation=simulated.FRAGMENTATION)


@pytest.fixture
def incident() -> Scenario:
    return make(0)


def begin(scenario: Scenario, gpu: Gpu, limits: Limits | None = None) -> Worker:
    """A worker, as far as it comes by itself."""
    worker = Worker(scenario, gpu, Shard(0, [600.0]), limits or Limits(), Conduct(), Random(0), 0.0)
    now = 0.0
    while worker.wake_at is not None and worker.phase is not Phase.WAITING:
        now = worker.wake_at
        worker.wake(now)
    return worker


def test_a_worker_of_the_incident_needs_8_6_gib_at_its_floor(incident: Scenario) -> None:
    gpu = Gpu("GPU-0", L4)
    worker = begin(incident, gpu)
    assert worker.phase is Phase.WORKING
    assert worker.floor == pytest.approx(8.6 * GIB, rel=0.01)
    parts = simulated.CONTEXT_BYTES + sum(simulated.MODEL_BYTES.values()) + simulated.BATCH_BYTES[Stage.ASR]
    assert worker.floor == parts + physics.TEXT_TOKENS * simulated.BATCH_BYTES[Stage.EMBED]


def test_24_gib_hold_two_of_them_under_the_target_and_a_third_waits(incident: Scenario) -> None:
    gpu = Gpu("GPU-0", L4)
    workers = [begin(incident, gpu) for _ in range(3)]
    assert [worker.phase for worker in workers] == [Phase.WORKING, Phase.WORKING, Phase.WAITING]
    assert gpu.failures
    assert largest_batch(incident, L4, 2, 0) is not None
    assert largest_batch(incident, L4, 3, 0) is None


def test_a_process_that_ends_frees_what_it_held(incident: Scenario) -> None:
    gpu = Gpu("GPU-0", L4)
    worker = begin(incident, gpu)
    worker.stop(143)
    assert gpu.used == 0


def test_a_neighbour_gets_what_is_free_and_more_as_it_becomes_free(incident: Scenario) -> None:
    visit = Visit(10.0, 100.0, 20 * GIB)
    gpu = Gpu("GPU-0", Device(physics.L4, 8, 0.0, (visit,)))
    worker = begin(incident, gpu)
    gpu.settle_neighbours(10.0)
    assert gpu.used == gpu.spec.usable
    worker.stop(143)
    gpu.settle_neighbours(11.0)
    assert gpu.others == 20 * GIB
    gpu.settle_neighbours(100.0)
    assert gpu.others == 0


def test_what_does_not_fit_is_refused_and_counted() -> None:
    gpu = Gpu("GPU-0", L4)
    with pytest.raises(OutOfDeviceMemory):
        gpu.require(Stage.EMBED, OomKind.LOAD, 25 * GIB, 7.0)
    assert gpu.failures == [7.0]
