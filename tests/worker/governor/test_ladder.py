"""Which way a worker takes up less of its device."""

import pytest

from ingestion_contract.metrics import Stage
from ingestion_worker.memory.ladder import Rung, lower


@pytest.mark.parametrize("stage", [Stage.ASR, Stage.EMBED])
@pytest.mark.parametrize("may_shrink", [True, False])
def test_first_one_model_at_a_time(stage: Stage, may_shrink: bool) -> None:
    assert lower(Rung.TOGETHER, stage, transcribes=True, may_shrink=may_shrink) is Rung.TWO_PASSES


def test_then_a_smaller_compute_type_of_the_speech_model_only_if_the_user_allows_it() -> None:
    assert lower(Rung.TWO_PASSES, Stage.ASR, transcribes=True, may_shrink=True) is Rung.SMALLER
    assert lower(Rung.TWO_PASSES, Stage.ASR, transcribes=True, may_shrink=False) is None


def test_a_smaller_speech_model_does_not_help_the_embedder() -> None:
    assert lower(Rung.TWO_PASSES, Stage.EMBED, transcribes=True, may_shrink=True) is None


def test_an_embedder_alone_has_no_way_down() -> None:
    assert lower(Rung.TOGETHER, Stage.EMBED, transcribes=False, may_shrink=True) is None


@pytest.mark.parametrize("stage", [Stage.ASR, Stage.EMBED])
def test_it_ends(stage: Stage) -> None:
    rung: Rung | None = Rung.TOGETHER
    for _ in Rung:
        assert rung is not None
        rung = lower(rung, stage, transcribes=True, may_shrink=True)
        if rung is None:
            return
    pytest.fail("there is always another rung")
