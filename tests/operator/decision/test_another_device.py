"""A single worker cannot show whether the next one would get a device of its own."""

import pytest

from ingestion_contract.metrics import WorkerState
from ingestion_contract.status import IngestionRunStatus, MemoryStatus, TrialStatus
from ingestion_operator.decision.decide import decide
from ingestion_operator.decision.policies.another_device import another_device
from ingestion_operator.decision.policies.trial import trial
from ingestion_operator.decision.snapshot import Rate
from tests.operator.kit import GIB, NOW, ago, make_run, make_sample, make_snapshot, make_status, situation

BUSY = make_sample(batch_size=50, batch_overhead=5.0, window_bytes=GIB // 5, windows_waiting=40, utilisation=0.95)
SATURATED = Rate(36000, 0.95, 120.0)


def tried(*, rate: int = 39600) -> IngestionRunStatus:
    status = make_status(2, changed_at=ago(200))
    return status.model_copy(update={"trial": TrialStatus(from_=1, least_rate=rate)})


def test_one_that_keeps_its_device_busy_gets_a_second_as_a_trial() -> None:
    decision = decide(make_snapshot([BUSY], status=make_status(1), rate=SATURATED), NOW)
    assert decision.change is not None
    assert (decision.change.value, decision.change.reason) == (2, "AnotherDevice")
    assert (decision.trial.from_, decision.trial.least_rate) == (1, 39600)
    assert decision.ceiling is None


@pytest.mark.parametrize(
    "spoiled",
    [
        {"rate": None},
        {"run": make_run({"max": 1, "initial": 1})},
        {"status": make_status(1, ceiling=1, ceiling_expires_at=ago(900))},
        {"status": make_status(1).model_copy(update={"trial": TrialStatus(holds_until=ago(-10), useful=1)})},
        {"quiet_since": ago(10)},
    ],
)
def test_not_without_the_evidence_nor_again_after_it_was_of_no_use(spoiled: dict[str, object]) -> None:
    given = {"status": make_status(1), "rate": SATURATED, **spoiled}
    assert another_device(situation([BUSY], **given)) is None


def test_again_after_memory_was_short_once_the_ceiling_has_expired_if_there_was_another_device_before() -> None:
    for expires, tried_again in ((ago(1), True), (ago(-1), False)):
        status = make_status(1, ceiling=1, ceiling_expires_at=expires)
        current = situation([BUSY], status=status, rate=SATURATED, memory=MemoryStatus(devices=2))
        assert (another_device(current) is not None) is tried_again


def test_as_soon_as_all_are_seen_on_devices_of_their_own_they_are_kept() -> None:
    samples = [make_sample(gpu="GPU-a"), make_sample(gpu="GPU-b")]
    verdict = trial(situation(samples, status=tried(), rate=None))
    assert verdict is not None
    assert (verdict.value, verdict.reason) == (2, "TrialKept")
    loading = make_sample(WorkerState.STARTING, gpu="GPU-b")
    waits = trial(situation([samples[0], loading], status=tried(), rate=None))
    assert waits is not None
    assert waits.reason == "Trial"


def test_of_more_that_share_those_stay_for_which_there_is_a_device() -> None:
    status = make_status(5, changed_at=ago(30)).model_copy(update={"trial": TrialStatus(from_=2, least_rate=1)})
    shared = ("GPU-a", "GPU-a", "GPU-b", "GPU-b", "GPU-c")
    verdict = trial(situation([make_sample(gpu=gpu, windows_waiting=9) for gpu in shared], status=status))
    assert verdict is not None
    assert (verdict.value, verdict.reason) == (3, "TrialTakenBack")
    fed_slowly = trial(situation([make_sample(gpu=gpu, windows_waiting=0) for gpu in shared], status=status))
    assert fed_slowly is not None
    assert fed_slowly.reason == "Trial"


def test_two_on_devices_of_their_own_are_kept_and_may_become_more() -> None:
    samples = [make_sample(gpu="GPU-a"), make_sample(gpu="GPU-b")]
    verdict = trial(situation(samples, status=tried(), rate=Rate(70000, 0.95, 120.0)))
    assert verdict is not None
    assert (verdict.value, verdict.reason) == (2, "TrialKept")
    assert verdict.trial is not None
    assert (verdict.trial.useful, verdict.trial.too_few) == (None, None)


def test_two_that_only_share_a_device_become_one_again() -> None:
    verdict = trial(situation([BUSY] * 2, status=tried(), rate=Rate(36000, 0.99, 120.0)))
    assert verdict is not None
    assert verdict.value == 1
    assert verdict.message.startswith("more workers have not proved themselves: 10.0 audio-hours/hour, and 11.0 ")
    assert verdict.trial is not None
    assert (verdict.trial.useful, verdict.trial.too_few) == (1, None)
