"""A worker measures itself, and keeps its batches within its budget."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion_contract.metrics import OomKind, Stage
from ingestion_worker.device.simulated import physics, usage
from tests.worker.memory.residents import FLOOR, GIB, LONGEST_TEXT, Card

LONGEST = " ".join(["word"] * LONGEST_TEXT)
TEXT_BYTES = physics.BATCH_BYTES[Stage.EMBED] * LONGEST_TEXT


def test_the_floor_is_models_a_window_and_the_longest_text(card: Card) -> None:
    worker = card.make(24).worker()
    worker.residency.ensure(Stage.ASR)
    assert worker.floor == pytest.approx(FLOOR + TEXT_BYTES, abs=10)
    assert worker.floor / GIB == pytest.approx(8.6, abs=0.05)
    assert worker.own == worker.floor, "without a budget nothing larger is tried"


def test_with_a_budget_a_few_windows_are_measured_too_and_the_floor_is_the_same(card: Card) -> None:
    worker = card.make(24).worker()
    worker.limit(budgetBytes=int(9.6 * GIB))
    worker.residency.ensure(Stage.ASR)
    assert worker.floor == pytest.approx(FLOOR + TEXT_BYTES, abs=10)
    assert worker.own > worker.floor
    assert worker.own < 9.6 * GIB


@pytest.mark.parametrize("gib", [8.7, 8.9, 9.1, 9.6, 12.0, 19.2])
def test_batches_of_both_stages_are_as_large_as_the_budget_allows_and_never_exceed_it(card: Card, gib: float) -> None:
    worker, budget = card.make(24).worker(), int(gib * GIB)
    worker.limit(budgetBytes=budget)
    for _ in range(3):
        worker.hear(64)
        worker.embed([LONGEST] * 200)
    assert usage(card.folder).oom_events == 0
    assert usage(card.folder).peak <= max(budget, worker.floor + physics.LOAD_SPIKE_BYTES)
    assert worker.own > 0.94 * budget or max(worker.heard) >= 16


def test_a_budget_that_changes_is_kept_from_the_next_batch_on(card: Card) -> None:
    worker = card.make(24).worker()
    worker.limit(budgetBytes=int(9.6 * GIB))
    worker.hear(4)
    worker.limit(budgetBytes=int(9.1 * GIB))
    worker.heard.clear()
    worker.hear(8)
    assert max(worker.heard) == 2


def test_the_budget_of_its_own_device_counts(card: Card) -> None:
    worker = card.make(24).worker()
    worker.limit(budgetBytes=int(19.2 * GIB), deviceBudgets={usage(card.folder).uuid: int(9.1 * GIB)})
    worker.hear(64)
    assert worker.own < 9.1 * GIB
    worker.limit(budgetBytes=int(9.9 * GIB), deviceBudgets={"GPU-another": int(9.1 * GIB)})
    worker.hear(64)
    assert 9.1 * GIB < worker.own < 9.9 * GIB


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_vectors_come_back_in_the_order_of_their_texts_whatever_their_lengths(card: Card, data: st.DataObject) -> None:
    if not card.folder.exists():
        card.make(24)
    worker = card.worker()
    worker.limit(budgetBytes=int(9.6 * GIB))
    lengths = data.draw(st.lists(st.integers(1, LONGEST_TEXT), max_size=30))
    texts = [f"text {number} " + "word " * length for number, length in enumerate(lengths)]
    vectors = worker.embed(texts)
    alone = [worker.embed([text])[0] for text in texts]
    assert [vector.tolist() for vector in vectors] == [vector.tolist() for vector in alone]
    worker.models.release()


def test_texts_of_about_one_length_share_a_batch_and_the_number_follows_from_the_longest(card: Card) -> None:
    worker = card.make(24).worker()
    worker.limit(budgetBytes=int(8.85 * GIB))
    short, long = "word " * 8, "word " * 100
    worker.embed([short, long] * 16)
    sizes = worker.embedded
    assert sum(sizes) == 32
    assert max(sizes) > 4 * sizes[0], "short texts go many at a time, long ones few"
    assert usage(card.folder).oom_events == 0


def test_a_run_of_captions_only_has_no_speech_model(card: Card) -> None:
    worker = card.make(8).worker(source={"captions": "Only"})
    worker.embed([LONGEST])
    assert worker.models.loaded == {Stage.EMBED}
    assert worker.floor / GIB == pytest.approx(0.4 + 6.6, abs=0.05)
    assert worker.oom_events(Stage.EMBED, OomKind.LOAD) == 0
