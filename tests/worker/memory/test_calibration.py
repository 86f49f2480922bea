"""What is measured when the models have been loaded."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from ingestion_contract.metrics import Stage
from ingestion_worker.device import ComputeDevice, DeviceMemory
from ingestion_worker.device.errors import OutOfDeviceMemory
from ingestion_worker.memory.calibration import Calibration
from ingestion_worker.memory.footprint import Footprint
from tests.worker.governor.strategies import GIB, MIB

BASE = 2 * GIB
WINDOW = 200 * MIB


@dataclass
class Card:
    """A device whose high-water mark is what the largest batch took; a window that is doubted takes `doubted`."""

    doubted: int
    uuid = name = "a card"
    simulated = False
    compute: ComputeDevice = "cuda"
    text_tokens = 16
    held: int = BASE

    def memory(self) -> DeviceMemory:
        return DeviceMemory(total=24 * GIB, used=self.held, own=BASE, highest=self.held)

    def windows(self, count: int) -> None:
        self.held = max(self.held, BASE + count * WINDOW)

    def doubt(self) -> None:
        self.held = max(self.held, BASE + self.doubted)

    def texts(self, count: int) -> None:
        raise AssertionError("there is no embedder")

    def utilisation(self) -> float | None:
        return None

    def load(self, stage: Stage, *, smaller: bool = False) -> AbstractContextManager[None]:
        return nullcontext()

    def unload(self, stage: Stage) -> AbstractContextManager[None]:
        return nullcontext()

    def trim(self, stage: Stage) -> AbstractContextManager[None]:
        return nullcontext()

    def run(self, stage: Stage, size: int, *, watch: bool = False) -> AbstractContextManager[None]:
        return nullcontext()


def measured(card: Card, budget: int | None) -> Footprint:
    def failed(error: OutOfDeviceMemory, size: int) -> None:
        raise AssertionError("everything fits")

    law = Calibration(card, card, budget, lambda: None, failed, lambda size, seconds: None)
    return law.measure(frozenset({Stage.ASR}))


def test_the_floor_is_that_of_a_window_that_is_doubted_with_and_without_a_budget() -> None:
    for budget in (None, 20 * GIB):
        assert measured(Card(doubted=500 * MIB), budget).floor == BASE + 500 * MIB


def test_what_it_takes_hides_nothing_of_what_larger_batches_add() -> None:
    plain, doubted = measured(Card(doubted=0), 20 * GIB), measured(Card(doubted=500 * MIB), 20 * GIB)
    assert plain.windows.slope == doubted.windows.slope == WINDOW
    assert doubted.total(8, 0) == plain.total(8, 0)


def test_a_doubted_window_that_takes_less_than_a_plain_one_adds_nothing() -> None:
    assert measured(Card(doubted=100 * MIB), None).floor == BASE + WINDOW
