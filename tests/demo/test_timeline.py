"""What a demonstration reports follows from what was seen."""

from collections.abc import Sequence

from dev.demo.timeline import Change, DeviceReading, Observation, parallelism_changes, steady_memory_percent
from ingestion_contract.status import IngestionRunStatus


def look(t: float, parallelism: int | None = 4, pods: int = 4, used: int = 50, *, ended: bool = False) -> Observation:
    device = DeviceReading(total=100, used=used, peak=99, refusals=0)
    return Observation(t, IngestionRunStatus(), parallelism, pods, ended, device)


def test_parallelism_is_told_by_its_changes() -> None:
    seen = [look(0, None), look(1, 4), look(2, 4), look(3, 2), look(4, 2)]

    assert parallelism_changes(seen) == [Change(1, 4), Change(3, 2)]


def test_the_steady_state_begins_when_the_last_change_has_taken_effect() -> None:
    incident: Sequence[Observation] = [
        look(1, 4, used=99),
        look(2, 2, pods=4, used=98),
        look(3, 2, pods=2, used=70),
        look(4, 2, pods=2, used=75),
        look(5, 2, pods=0, used=80, ended=True),
    ]

    assert steady_memory_percent(incident) == 75


def test_without_workers_there_is_no_steady_state() -> None:
    assert steady_memory_percent([look(1, None, pods=0)]) is None
    assert steady_memory_percent([look(1, 4), look(2, 2, pods=3)]) is None
