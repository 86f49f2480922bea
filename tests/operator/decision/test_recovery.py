import pytest

from ingestion_contract.status import MemoryStatus
from ingestion_operator.decision.policies.recovery import recovery
from tests.operator.kit import ago, make_job, make_run, make_sample, make_status, situation, waiting


def test_after_a_quiet_time_straight_to_what_fits() -> None:
    verdict = recovery(situation([make_sample(gib=80)]))
    assert verdict is not None
    assert verdict.value == 7
    assert verdict.message == "no memory trouble for 120 s; floor 8.6 GiB each; 7 fit under 80 % of 80.0 GiB"


def test_not_above_the_maximum() -> None:
    verdict = recovery(situation([make_sample(gib=80)], run=make_run({"initial": 1, "max": 3})))
    assert verdict is not None
    assert verdict.value == 3


def test_not_above_the_ceiling_before_it_expires() -> None:
    status = make_status(1, ceiling=2, ceiling_expires_at=ago(-1))
    verdict = recovery(situation([make_sample(gib=80)], status=status))
    assert verdict is not None
    assert verdict.value == 2
    expired = make_status(1, ceiling=2, ceiling_expires_at=ago(1))
    verdict = recovery(situation([make_sample(gib=80)], status=expired))
    assert verdict is not None
    assert verdict.value == 7


def test_not_above_the_shards_that_are_left() -> None:
    job = make_job(completions=20, succeeded=17)
    verdict = recovery(situation([make_sample(gib=80)], jobs=[job]))
    assert verdict is not None
    assert verdict.value == 3


def test_on_devices_of_their_own_memory_sets_no_limit() -> None:
    samples = [make_sample(gpu="GPU-a", gib=16), make_sample(gpu="GPU-b", gib=16)]
    verdict = recovery(situation(samples))
    assert verdict is not None
    assert verdict.value == 8


@pytest.mark.parametrize(
    "trouble",
    [
        {"quiet_since": ago(119)},
        {"status": make_status(1, changed_at=ago(119))},
        {"memory": MemoryStatus(last_oom_at=ago(119))},
    ],
)
def test_not_before_the_quiet_time_has_passed(trouble: dict[str, object]) -> None:
    assert recovery(situation([make_sample(gib=80)], **trouble)) is None


def test_not_while_a_worker_waits() -> None:
    assert recovery(situation([make_sample(gib=80), waiting(gib=80)])) is None


def test_not_while_a_wanted_worker_is_not_heard() -> None:
    assert recovery(situation([make_sample(gib=80), None])) is None
    assert recovery(situation([make_sample(gib=80)], status=make_status(2))) is None


def test_not_without_a_measured_floor() -> None:
    assert recovery(situation([make_sample(gib=80, floor=None)])) is None
