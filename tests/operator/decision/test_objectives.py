"""What the run is to reach, with the reason that weighs most."""

import pytest

from ingestion_contract.metrics import Stage
from ingestion_contract.status import Videos
from ingestion_operator.decision.policies.objectives import short_of_objectives
from ingestion_operator.decision.snapshot import Rate
from tests.operator.kit import make_run, make_sample, make_status, situation

IDLE = Rate(3600, 0.2, 120.0)


def test_too_few_successes_name_the_failure_that_weighs_most() -> None:
    videos = Videos(total=200, succeeded=15, failed=5, skipped=3, reasons={"Http404": 3, "NoAudio": 5})
    finding = short_of_objectives(
        situation([make_sample()], status=make_status(1).model_copy(update={"videos": videos}))
    )
    assert finding is not None
    assert finding.reason == "SuccessBelowObjective"
    assert finding.message == "75 % of 20 videos succeeded, 90 % are asked for; 5 failed, mostly NoAudio (5)"


def test_a_few_videos_say_nothing_of_the_rest() -> None:
    videos = Videos(total=200, succeeded=1, failed=8)
    status = make_status(1).model_copy(update={"videos": videos})
    assert short_of_objectives(situation([make_sample()], status=status)) is None


def test_an_idle_device_names_what_its_workers_wait_for() -> None:
    samples = [make_sample(limiting=Stage.FETCH), make_sample(limiting=Stage.FETCH), make_sample(limiting=Stage.DECODE)]
    finding = short_of_objectives(situation(samples, rate=IDLE))
    assert finding is not None
    assert finding.reason == "UtilisationBelowObjective"
    assert finding.message == (
        "the devices are busy for 20 % of the time, 50 % are asked for; 2 of 3 workers are waiting for fetch"
    )


@pytest.mark.parametrize("rate", [None, Rate(3600, None, 120.0), Rate(3600, 0.2, 30.0), Rate(3600, 0.5, 120.0)])
def test_not_without_a_measurement_that_says_so(rate: Rate | None) -> None:
    assert short_of_objectives(situation([make_sample()], rate=rate)) is None


def test_what_is_asked_for_is_the_users() -> None:
    run = make_run(spec={"objectives": {"minUtilisationPercent": 10}})
    assert short_of_objectives(situation([make_sample()], rate=IDLE, run=run)) is None
