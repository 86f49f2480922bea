"""Residency on devices that are hard to live on. Whatever happens, every window is heard and every text embedded."""

import time

import pytest

from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.metrics import OomKind, Stage, WorkerState
from ingestion_worker.conclusion import MemoryExhausted, PodTooSmall
from ingestion_worker.device.interface import DeviceMemory
from ingestion_worker.device.simulated import add_neighbour, physics, remove_neighbour, usage
from ingestion_worker.memory import room
from tests.worker.memory.residents import GIB, LONGEST_TEXT, Card
from tests.worker.support.runs import wait_for
from tests.worker.support.stand_ins import StandInEmbedder, StandInRecogniser

LONGEST = " ".join(["word"] * LONGEST_TEXT)
INT8 = {"computeType": "float32", "models": [{"languages": ["*"], "model": "stand-in"}]}


def test_a_leak_is_healed_by_loading_the_models_again(card: Card) -> None:
    worker = card.make(10, leak_bytes=int(0.2 * GIB)).worker()
    worker.limit(budgetBytes=9 * GIB)
    for _ in range(40):
        worker.hear(1)
        worker.embed([LONGEST])
    assert sum(worker.heard) == 40
    assert sum(worker.embedded) == 40
    assert usage(card.folder).oom_events >= 2
    assert not worker.residency.two_passes


def test_beside_a_neighbour_too_a_leak_is_healed_by_loading_again_rather_than_waited_out(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "OVER_BUDGET_SECONDS", 0.0)
    worker = card.make(24, leak_bytes=int(0.2 * GIB)).worker(wait_seconds=600)
    add_neighbour(card.folder, "constant", 2 * GIB)
    worker.limit(budgetBytes=int(9.6 * GIB))
    most = 0
    for _ in range(20):
        worker.residency.keep_within_budget()
        worker.hear(1)
        most = max(most, worker.own)
    assert worker.heard == [1] * 20
    assert most < 9.85 * GIB
    assert not worker.residency.two_passes


@pytest.mark.parametrize("looks", range(1, 9))
def test_a_neighbour_that_takes_6_gib_is_waited_for_at_whatever_moment_it_leaves(
    card: Card, monkeypatch: pytest.MonkeyPatch, looks: int
) -> None:
    worker = card.make(12).worker(wait_seconds=60)
    add_neighbour(card.folder, "game", 6 * GIB)
    look, left = worker.device.memory, iter(range(looks, 0, -1))

    def look_then_leave() -> DeviceMemory | None:
        seen = look()
        if usage(card.folder).oom_events and next(left, None) == 1:
            remove_neighbour(card.folder, "game")
        return seen

    monkeypatch.setattr(worker.device, "memory", look_then_leave)
    worker.hear(3)
    assert worker.heard == [1, 1, 1]
    assert worker.oom_events(Stage.EMBED, OomKind.LOAD) >= 1
    assert not worker.residency.two_passes, "there was no need to take up less of the device"


def test_a_neighbour_that_comes_in_the_middle_makes_batches_smaller_and_costs_no_window(card: Card) -> None:
    worker = card.make(16).worker()
    worker.limit(budgetBytes=int(12.8 * GIB))
    worker.hear(1)
    add_neighbour(card.folder, "game", 6 * GIB)
    worker.hear(32)
    smaller = max(worker.heard)
    remove_neighbour(card.folder, "game")
    worker.hear(32)
    assert sum(worker.heard) == 65
    assert smaller <= 6
    assert max(worker.heard) == 18
    assert usage(card.folder).oom_events == 0


def test_beside_a_desktop_and_without_an_operator_nobody_is_waited_for(card: Card) -> None:
    """A worker that is started by hand: what the device physically has is what there is."""
    worker = card.make(9).worker(wait_seconds=600)
    add_neighbour(card.folder, "desktop", GIB // 2)
    worker.hear(2)
    worker.embed([LONGEST])
    assert worker.residency.two_passes
    assert (worker.heard, worker.embedded) == ([1, 1], [1])


def test_what_not_even_the_whole_device_holds_is_not_waited_for_though_there_is_an_operator(card: Card) -> None:
    worker = card.make(8).worker(wait_seconds=600)
    worker.limit(batchCeiling=64)
    add_neighbour(card.folder, "other", GIB // 2)
    worker.hear(2)
    assert worker.residency.two_passes


def test_a_load_of_the_embedder_that_fails_half_way_leaves_nothing_behind(card: Card) -> None:
    from threading import Thread

    worker = card.make(12).worker(wait_seconds=60)
    add_neighbour(card.folder, "game", 6 * GIB)
    hearing = Thread(target=worker.hear, args=(1,))
    hearing.start()
    wait_for(lambda: worker.oom_events(Stage.EMBED, OomKind.LOAD) >= 1, "the embedder does not fit")
    rest = physics.CONTEXT_BYTES + physics.RESIDUE_BYTES[Stage.ASR]
    wait_for(lambda: worker.own == rest, "all is given back but what CTranslate2 keeps")
    remove_neighbour(card.folder, "game")
    hearing.join(timeout=30)
    assert worker.heard == [1]


def test_a_batch_of_windows_that_fails_gives_back_what_the_embedder_keeps_of_its_batches(card: Card) -> None:
    card.make(12, hides_own=True, fragmentation=0.2)
    worker = card.worker()
    worker.limit(budgetBytes=int(11.5 * GIB))
    worker.embed([LONGEST] * 4)
    worker.hear(16)
    assert worker.oom_events(Stage.ASR, OomKind.BATCH) >= 1
    memory = worker.device.memory()
    assert memory is not None
    assert memory.own == pytest.approx(worker.own, abs=GIB // 1000)
    held = usage(card.folder).processes[0].parts["activations"]
    assert held == max(worker.heard) * physics.BATCH_BYTES[Stage.ASR], "nothing of the texts'"


def test_what_batches_hold_beyond_what_was_measured_is_remembered_when_loading_again_frees_it(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the same batch would exceed the budget again, and the models be loaded for ever."""
    monkeypatch.setattr(room, "OVER_BUDGET_SECONDS", 0.0)
    worker = card.make(24).worker()
    add_neighbour(card.folder, "constant", 2 * GIB)
    worker.limit(budgetBytes=int(10.4 * GIB))
    worker.residency.ensure(Stage.ASR)
    larger = {**physics.BATCH_BYTES, Stage.ASR: int(0.3 * GIB)}
    monkeypatch.setattr(physics, "BATCH_BYTES", larger)
    loads = StandInRecogniser.made
    for _ in range(30):
        worker.residency.keep_within_budget()
        worker.hear(8)
    assert sum(worker.heard) == 240
    assert StandInRecogniser.made - loads <= 2
    assert worker.own <= 10.4 * GIB


def test_a_window_that_is_doubted_counts_in_the_floor(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StandInRecogniser, "in_doubt", RuntimeError("CUDA failed with error out of memory"))
    worker = card.make(24).worker()
    with pytest.raises(MemoryExhausted):
        worker.hear(1)


def test_while_it_waits_beside_a_neighbour_it_says_so(card: Card) -> None:
    from threading import Thread

    worker = card.make(12).worker(wait_seconds=60)
    add_neighbour(card.folder, "game", 6 * GIB)
    hearing = Thread(target=worker.hear, args=(1,))
    hearing.start()
    wait_for(lambda: worker.metrics.state is WorkerState.WAITING_FOR_MEMORY, "it waits")
    remove_neighbour(card.folder, "game")
    hearing.join(timeout=30)
    assert worker.heard == [1]


def test_on_a_fragmented_device_batches_are_halved_and_grow_no_more_for_a_while(card: Card) -> None:
    worker = card.make(12, fragmentation=0.2).worker()
    worker.limit(budgetBytes=int(11.5 * GIB))
    worker.hear(100)
    assert sum(worker.heard) == 100
    assert 1 <= usage(card.folder).oom_events <= 3
    assert max(worker.heard) <= 6
    assert not worker.residency.two_passes


def test_embedding_that_runs_out_of_memory_is_halved_and_only_the_failed_batch_is_tried_again(card: Card) -> None:
    worker = card.make(8, fragmentation=0.08).worker(source={"captions": "Only"})
    worker.limit(budgetBytes=8 * GIB)
    worker.embed([LONGEST] * 100)
    assert sum(worker.embedded) == 100
    assert worker.oom_events(Stage.EMBED, OomKind.BATCH) == 2
    assert 10 <= max(worker.embedded) <= 23
    assert worker.oom_events(Stage.EMBED, OomKind.LOAD) == 0, "the model stayed"


def test_a_batch_that_does_not_fit_while_it_is_measured_is_learned_from(card: Card) -> None:
    worker = card.make(9, fragmentation=0.03).worker()
    worker.limit(budgetBytes=9 * GIB)
    worker.hear(4)
    assert worker.heard == [1] * 4
    assert worker.oom_events(Stage.ASR, OomKind.BATCH) == 1


def test_a_device_that_holds_one_model_at_a_time_gets_two_passes(card: Card) -> None:
    worker = card.make(8).worker(wait_seconds=600)
    worker.hear(3)
    assert worker.residency.two_passes
    assert worker.models.loaded == {Stage.ASR}
    worker.embed([LONGEST] * 3)
    assert worker.models.loaded == {Stage.EMBED}
    worker.hear(2)
    assert (sum(worker.heard), sum(worker.embedded)) == (5, 3)
    assert worker.floor / GIB == pytest.approx(0.4 + 0.25 + 6.6, abs=0.05), "of the pass that needs most"
    assert worker.models.asr_model.name == "stand-in"
    assert worker.models.dimension == StandInEmbedder.dimension, "known, though only one is loaded"


def test_models_are_measured_once_however_often_they_are_swapped(card: Card) -> None:
    worker = card.make(8).worker(wait_seconds=600)
    for _ in range(3):
        worker.hear(1)
        worker.embed([LONGEST])
    assert usage(card.folder).oom_events == 1
    assert worker.heard == [1, 1, 1]


def test_in_two_passes_each_model_has_the_whole_budget_for_its_batches(card: Card) -> None:
    worker = card.make(8).worker(wait_seconds=600)
    worker.limit(budgetBytes=int(0.8 * 8 * GIB))
    worker.hear(64)
    assert max(worker.heard) == 22
    assert usage(card.folder).oom_events == 1


def test_a_speech_model_that_does_not_fit_shrinks_only_if_the_user_allows_it(card: Card) -> None:
    card.make(1.9)
    strict = card.worker(transcription=INT8)
    with pytest.raises(MemoryExhausted):
        strict.hear(1)
    strict.models.release()
    lenient = card.worker(transcription=INT8, memory={"allowSmallerComputeType": True})
    lenient.hear(2)
    assert lenient.heard == [1, 1]
    assert lenient.models.asr_model.compute_type == "int8"


def test_a_model_that_never_fits_ends_with_85_and_what_was_measured(card: Card) -> None:
    worker = card.make(6).worker(transcription=INT8, memory={"allowSmallerComputeType": True})
    worker.hear(2)
    with pytest.raises(MemoryExhausted) as caught:
        worker.embed([LONGEST])
    assert caught.value.code is ExitCode.MEMORY_EXHAUSTED
    report = caught.value.report
    assert report is not None
    assert report.stage is Stage.EMBED
    assert (report.gpu_uuid, report.total_bytes) == (worker.device.uuid, 6 * GIB)
    assert report.floor_bytes is None, "what half of the models need is not what a worker needs"
    assert worker.floor == 0
    assert worker.models.asr_model.compute_type == "float32", "a smaller speech model would not have helped"


def test_beside_a_neighbour_that_stays_it_takes_up_less_of_the_device_before_it_gives_up(card: Card) -> None:
    """Whoever still waits when patience is over is the last one that the operator lets work there."""
    worker = card.make(12).worker(wait_seconds=0.2)
    add_neighbour(card.folder, "for good", 4 * GIB)
    began = time.monotonic()
    worker.hear(2)
    assert time.monotonic() - began >= 0.2
    assert worker.residency.two_passes
    worker.embed([LONGEST])
    assert (worker.heard, worker.embedded) == ([1, 1], [1])


def test_where_a_process_cannot_tell_its_own_memory_it_takes_what_the_device_gained(card: Card) -> None:
    card.make(24, hides_own=True)
    add_neighbour(card.folder, "constant", 2 * GIB)
    worker = card.worker()
    worker.limit(budgetBytes=int(9.6 * GIB))
    worker.hear(64)
    memory = worker.device.memory()
    assert memory is not None
    assert not memory.exact
    assert memory.own == pytest.approx(worker.own, abs=physics.CONTEXT_BYTES // 100)
    assert worker.floor / GIB == pytest.approx(8.6, abs=0.05)
    assert worker.own < 9.6 * GIB


def test_a_neighbour_that_leaves_while_a_worker_measures_makes_it_measure_again(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    card.make(24, hides_own=True)
    worker = card.worker()
    add_neighbour(card.folder, "passing", 2 * GIB)
    load, loads = worker.models.load, []

    def load_then_be_left(stages: frozenset[Stage]) -> None:
        load(stages)
        loads.append(stages)
        if len(loads) == 1:
            remove_neighbour(card.folder, "passing")

    monkeypatch.setattr(worker.models, "load", load_then_be_left)
    worker.hear(1)
    assert len(loads) == 2
    assert worker.floor / GIB == pytest.approx(8.6, abs=0.05)
    assert len(worker.heard) == 1


def test_neighbours_that_come_and_go_later_are_not_mistaken_for_its_own(card: Card) -> None:
    card.make(24, hides_own=True)
    worker = card.worker()
    worker.limit(budgetBytes=int(9.6 * GIB))
    worker.hear(8)
    add_neighbour(card.folder, "late", 6 * GIB)
    worker.hear(8)
    memory = worker.device.memory()
    assert memory is not None
    assert memory.own == pytest.approx(worker.own, abs=GIB // 100)
    assert worker.floor / GIB == pytest.approx(8.6, abs=0.05)


def test_the_pods_own_memory_running_out_makes_no_batch_smaller(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = card.make(24).worker()
    worker.limit(budgetBytes=int(19.2 * GIB))
    worker.hear(16)
    allowed = worker.residency.allowed_batch()

    def full(*_: object) -> None:
        raise RuntimeError("std::bad_alloc")

    monkeypatch.setattr(StandInRecogniser, "transcribe", full)
    with pytest.raises(PodTooSmall, match="own memory"):
        worker.hear(16)
    assert worker.residency.allowed_batch() == allowed
    assert usage(card.folder).oom_events == 0
    assert worker.models.loaded == {Stage.ASR, Stage.EMBED}
