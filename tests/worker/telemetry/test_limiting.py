"""Which stage the others wait for."""

import pytest

from ingestion_contract.metrics import Stage
from ingestion_worker.telemetry.limiting import limiting_stage

THREADS = {Stage.FETCH: 4, Stage.DECODE: 2, Stage.COMMIT: 4}


@pytest.mark.parametrize(
    ("busy", "limit"),
    [
        ({Stage.FETCH: 390, Stage.DECODE: 20, Stage.ASR: 30}, Stage.FETCH),
        ({Stage.FETCH: 40, Stage.DECODE: 190, Stage.ASR: 60}, Stage.DECODE),
        ({Stage.FETCH: 40, Stage.DECODE: 150, Stage.ASR: 60, Stage.EMBED: 35}, Stage.ASR),
        ({Stage.FETCH: 40, Stage.DECODE: 150, Stage.ASR: 35, Stage.EMBED: 60}, Stage.EMBED),
        ({Stage.COMMIT: 390, Stage.ASR: 90}, Stage.COMMIT),
        ({}, None),
    ],
)
def test_it_is_the_one_whose_threads_were_busy_most(busy: dict[Stage, float], limit: Stage | None) -> None:
    assert limiting_stage(busy, THREADS) is limit
