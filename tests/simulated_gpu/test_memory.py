"""Memory on the simulated GPU: what fits, what does not, and who frees it."""

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.metrics import Stage
from ingestion_worker.device.simulated import (
    Conditions,
    SimulatedOutOfMemory,
    add_neighbour,
    create,
    physics,
    remove_neighbour,
    usage,
)
from ingestion_worker.device.simulated.device import SimulatedGpu
from ingestion_worker.device.simulated.ledger import Holding, State

GIB = physics.GIB


@pytest.fixture(autouse=True)
def _instant_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(physics, "LOAD_BYTES_PER_SECOND", 10_000 * GIB)
    monkeypatch.setattr(physics, "BATCH_SECONDS", dict.fromkeys(physics.BATCH_SECONDS, 0.0))
    monkeypatch.setattr(physics, "SIZE_SECONDS", dict.fromkeys(physics.SIZE_SECONDS, 0.0))


def gpu(folder: Path, gib: float, **conditions: Any) -> Path:
    create(folder, int(gib * GIB), conditions=Conditions(**conditions))
    return folder


def load_all(device: SimulatedGpu) -> None:
    for stage in (Stage.ASR, Stage.EMBED):
        with device.load(stage):
            pass
    with device.run(Stage.ASR, 1):
        pass


@pytest.mark.parametrize(
    ("gib", "fit", "under_target"),
    [(16, 1, 1), (24, 2, 2), (40, 4, 3), (48, 5, 4)],
    ids=["16 GiB hold one", "24 GiB hold two", "40 GiB take four, over 80 %", "48 GiB hold four"],
)
def test_workers_of_the_incident_fit_as_often_as_its_arithmetic_says(
    tmp_path: Path, gib: int, fit: int, under_target: int
) -> None:
    folder = gpu(tmp_path, gib)
    workers = []
    for _ in range(fit):
        workers.append(SimulatedGpu(folder))
        load_all(workers[-1])
    one_more = SimulatedGpu(folder)
    with pytest.raises(torch.OutOfMemoryError):
        load_all(one_more)
    memory = workers[0].memory()
    assert memory is not None
    floor = memory.own
    assert floor / GIB == pytest.approx(8.6)
    assert int(0.8 * gib * GIB // floor) == under_target


def test_ctranslate2s_words_are_raised_when_the_speech_model_does_not_fit(tmp_path: Path) -> None:
    device = SimulatedGpu(gpu(tmp_path, 1))
    with (
        pytest.raises(RuntimeError, match=r"^CUDA failed with error out of memory$"),
        device.load(Stage.ASR),
    ):
        pytest.fail("the model must not be loaded")
    assert usage(tmp_path).used == 0
    assert usage(tmp_path).oom_events == 1


def test_torchs_words_are_raised_when_the_embedder_does_not_fit(tmp_path: Path) -> None:
    device = SimulatedGpu(gpu(tmp_path, 5))
    with (
        pytest.raises(torch.OutOfMemoryError, match=r"CUDA out of memory\. Tried to allocate 7\.30 GiB"),
        device.load(Stage.EMBED),
    ):
        pytest.fail("the model must not be loaded")
    assert usage(tmp_path).used == physics.FAILED_LOAD_BYTES[Stage.EMBED], "what had arrived is in torch's cache"
    with device.unload(Stage.EMBED):
        pass
    assert usage(tmp_path).used == 0


def test_memory_is_charged_while_a_model_loads_and_the_spike_goes_afterwards(tmp_path: Path) -> None:
    device = SimulatedGpu(gpu(tmp_path, 24))
    with device.load(Stage.ASR):
        assert usage(tmp_path).used / GIB == pytest.approx(0.4 + 1.4 + 0.3)
    assert usage(tmp_path).used / GIB == pytest.approx(0.4 + 1.4)
    assert usage(tmp_path).peak / GIB == pytest.approx(0.4 + 1.4 + 0.3)


def test_a_load_that_fails_for_another_reason_gives_its_memory_back(tmp_path: Path) -> None:
    device = SimulatedGpu(gpu(tmp_path, 24))
    with pytest.raises(FileNotFoundError), device.load(Stage.EMBED):
        raise FileNotFoundError("no such model")
    assert usage(tmp_path).used == physics.CONTEXT_BYTES


def test_a_batch_keeps_its_high_water_mark_until_the_model_is_unloaded(tmp_path: Path) -> None:
    device = SimulatedGpu(gpu(tmp_path, 24))
    load_all(device)
    for batch in (5, 2):
        with device.run(Stage.ASR, batch):
            pass
    assert usage(tmp_path).used / GIB == pytest.approx(8.4 + 5 * 0.2)


def test_after_unloading_a_context_and_a_rest_of_ctranslate2_stay(tmp_path: Path) -> None:
    device = SimulatedGpu(gpu(tmp_path, 24))
    load_all(device)
    for stage in (Stage.EMBED, Stage.ASR):
        with device.unload(stage):
            pass
    assert usage(tmp_path).used / GIB == pytest.approx(0.4 + 0.25)
    load_all(device)
    assert usage(tmp_path).used / GIB == pytest.approx(8.6), "the rest is used again"


def test_a_neighbour_takes_and_returns_memory(tmp_path: Path) -> None:
    folder = gpu(tmp_path, 24)
    add_neighbour(folder, "game", 20 * GIB)
    with pytest.raises(SimulatedOutOfMemory):
        add_neighbour(folder, "another", 5 * GIB)
    assert usage(folder).processes[0].neighbour
    remove_neighbour(folder, "game")
    assert usage(folder).used == 0
    with pytest.raises(KeyError):
        remove_neighbour(folder, "game")


def test_a_neighbour_may_stay_for_a_time_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("ingestion_worker.device.simulated.ledger.time.time", lambda: now)
    folder = gpu(tmp_path, 24)
    add_neighbour(folder, "game", 6 * GIB, seconds=60)
    now = 1059.0
    assert usage(folder).used == 6 * GIB
    now = 1060.0
    assert usage(folder).used == 0


def test_texts_take_memory_by_their_tokens(tmp_path: Path) -> None:
    device = SimulatedGpu(gpu(tmp_path, 24))
    with device.load(Stage.EMBED):
        pass
    with device.run(Stage.EMBED, 8192):
        pass
    assert usage(tmp_path).used / GIB == pytest.approx(0.4 + 6.6 + 1.0)
    with pytest.raises(torch.OutOfMemoryError), device.run(Stage.EMBED, 200_000):
        pytest.fail("the batch must not run")


def test_a_model_may_be_loaded_in_a_smaller_compute_type(tmp_path: Path) -> None:
    device = SimulatedGpu(gpu(tmp_path, 24))
    with device.load(Stage.ASR, smaller=True):
        pass
    assert usage(tmp_path).used / GIB == pytest.approx(0.4 + 0.75)


def test_what_batches_took_may_be_given_back_while_the_model_stays(tmp_path: Path) -> None:
    device = SimulatedGpu(gpu(tmp_path, 24))
    with device.load(Stage.EMBED):
        pass
    with device.run(Stage.EMBED, 8192):
        pass
    with device.trim(Stage.EMBED):
        pass
    assert usage(tmp_path).used / GIB == pytest.approx(0.4 + 6.6)


def test_a_leak_grows_with_every_batch_until_the_model_is_unloaded(tmp_path: Path) -> None:
    device = SimulatedGpu(gpu(tmp_path, 24, leak_bytes=GIB))
    with device.load(Stage.ASR):
        pass
    for _ in range(3):
        with device.run(Stage.ASR, 1):
            pass
    assert usage(tmp_path).used / GIB == pytest.approx(0.4 + 1.4 + 0.2 + 3)
    with device.unload(Stage.ASR):
        pass
    assert usage(tmp_path).used / GIB == pytest.approx(0.4 + 0.25)


def test_on_a_fragmented_device_less_fits_than_is_free(tmp_path: Path) -> None:
    device = SimulatedGpu(gpu(tmp_path, 9, fragmentation=0.2))
    with device.load(Stage.ASR):
        pass
    with pytest.raises(torch.OutOfMemoryError), device.load(Stage.EMBED):
        pytest.fail("the model must not be loaded")


def test_a_device_may_hide_what_a_process_holds_which_then_takes_what_the_device_gained(tmp_path: Path) -> None:
    folder = gpu(tmp_path, 24, hides_own=True)
    add_neighbour(folder, "game", 6 * GIB)
    device = SimulatedGpu(folder)
    load_all(device)
    add_neighbour(folder, "another", 2 * GIB)
    with device.run(Stage.ASR, 1):
        pass
    memory = device.memory()
    assert memory is not None
    assert not memory.exact
    assert memory.own / GIB == pytest.approx(8.6)
    assert memory.highest / GIB == pytest.approx(8.6)
    for stage in (Stage.EMBED, Stage.ASR):
        with device.unload(stage):
            pass
    memory = device.memory()
    assert memory is not None
    assert memory.own / GIB == pytest.approx(0.65)


def test_a_second_gpu_is_not_made_over_the_first(tmp_path: Path) -> None:
    gpu(tmp_path, 24)
    with pytest.raises(FileExistsError):
        create(tmp_path, GIB)


holdings = st.builds(
    Holding,
    label=st.text(max_size=8),
    context=st.integers(0, GIB),
    models=st.dictionaries(st.sampled_from(["asr", "embed"]), st.integers(0, 8 * GIB)),
    activations=st.dictionaries(st.sampled_from(["asr", "embed"]), st.integers(0, 8 * GIB)),
)


@given(st.dictionaries(st.text(min_size=1, max_size=4), holdings, max_size=4), st.integers(0, 30 * GIB))
def test_whatever_is_granted_fits(held: dict[str, Holding], wanted: int) -> None:
    state = State(uuid="GPU-1", name="", total=24 * GIB, holdings=held)
    try:
        state.require(wanted)
    except SimulatedOutOfMemory:
        assert state.used + wanted > state.usable
    else:
        assert state.used + wanted <= state.usable
    assert State.from_json(state.to_json()) == state
