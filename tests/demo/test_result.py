"""The verdict on a run: what memory cost, and whether everything is there."""

from dev.demo.result import summarise
from dev.demo.timeline import DeviceReading, Observation
from dev.demo.verify import Verification
from ingestion_contract.status import IngestionRunStatus


def looks(refusals: int) -> list[Observation]:
    device = DeviceReading(total=100, used=50, peak=90, refusals=refusals)
    return [Observation(60, IngestionRunStatus(), 4, 4, True, device)]


def found(missing: list[str]) -> Verification:
    return Verification(
        succeeded=198,
        skipped={},
        failed={},
        audio_seconds=600,
        word_error_percent=None,
        missing=missing,
        wrong=[],
    )


def test_what_is_missing_after_memory_ran_out_was_lost_to_memory() -> None:
    result = summarise(looks(refusals=2), found(["sample-003: no outcome was recorded"]), "output")

    assert result.lost_to_memory == 1
    assert not result.complete


def test_memory_that_ran_out_without_a_loss_costs_nothing() -> None:
    result = summarise(looks(refusals=2), found([]), "output")

    assert result.lost_to_memory == 0
    assert result.complete


def test_what_is_missing_without_an_out_of_memory_error_was_lost_to_something_else() -> None:
    assert summarise(looks(refusals=0), found(["sample-003: failed Network"]), "output").lost_to_memory == 0
