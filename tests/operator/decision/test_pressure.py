"""Steps before memory runs out."""

from dataclasses import replace
from datetime import datetime

import pytest

from ingestion_contract.status import MemoryStatus
from ingestion_operator.decision.decision import Lever
from ingestion_operator.decision.policies.eased import eased
from ingestion_operator.decision.policies.pressure import pressed_since, pressure, too_full
from ingestion_operator.decision.situation import Situation
from tests.operator.kit import GIB, NOW, ago, make_run, make_sample, make_snapshot, make_status, situation

FULL = make_sample(device_used=22 * GIB)
PRESSED = MemoryStatus(pressed_since=ago(31))
EASED = make_status(2, budget_percent=90, budget_changed_at=ago(61))


def test_a_shared_device_that_is_too_full_for_a_while_lowers_the_budgets_first() -> None:
    verdict = pressure(situation([FULL] * 2, memory=PRESSED))
    assert verdict is not None
    assert (verdict.lever, verdict.value) == (Lever.BUDGET, 90)
    assert verdict.message == (
        "22.0 GiB of 24.0 GiB on GPU-1a2b are in use, more than 88 % for 31 s; the workers' budgets are lowered"
    )


def test_new_limits_are_kept_to_first() -> None:
    """A neighbour has come, and its room has just been taken from the budgets."""
    adjusting = make_status(2, limits_changed_at=ago(29))
    assert pressure(situation([FULL] * 2, status=adjusting, memory=PRESSED)) is None


def test_then_one_worker_goes_and_the_others_are_the_ceiling() -> None:
    verdict = pressure(situation([FULL] * 2, status=EASED, memory=PRESSED))
    assert verdict is not None
    assert (verdict.lever, verdict.value, verdict.ceiling) == (Lever.PARALLELISM, 1, True)


def test_lower_budgets_get_a_minute_to_show() -> None:
    status = make_status(2, budget_percent=90, budget_changed_at=ago(59))
    verdict = pressure(situation([FULL] * 2, status=status, memory=PRESSED))
    assert verdict is not None
    assert verdict.value == 2


def test_where_no_floor_was_measured_budgets_mean_nothing_so_one_goes_at_once() -> None:
    unmeasured = replace(FULL, floor=None)
    verdict = pressure(situation([unmeasured] * 2, memory=PRESSED))
    assert verdict is not None
    assert (verdict.lever, verdict.value) == (Lever.PARALLELISM, 1)


def test_not_where_kubernetes_would_remove_a_worker_of_another_device() -> None:
    samples = [replace(FULL, gpu_uuid="GPU-a")] * 2 + [make_sample(gpu="GPU-b")]
    status = make_status(3, budget_percent=90, budget_changed_at=ago(61))
    snapshot = make_snapshot(samples, status=status, memory=PRESSED)
    elsewhere = tuple(replace(pod, ready_since=ago(100 - 10 * n)) for n, pod in enumerate(snapshot.pods))
    assert pressure(Situation(replace(snapshot, pods=elsewhere), NOW)) is None


def test_never_below_the_minimum() -> None:
    assert pressure(situation([FULL] * 2, status=EASED, memory=PRESSED, run=make_run({"min": 2}))) is None


@pytest.mark.parametrize("since", [None, ago(29)])
def test_a_moment_is_no_pressure(since: datetime | None) -> None:
    assert pressure(situation([FULL] * 2, memory=MemoryStatus(pressed_since=since))) is None


def test_a_worker_alone_may_fill_its_device() -> None:
    assert pressure(situation([FULL], memory=PRESSED)) is None
    assert pressed_since(situation([FULL])) is None


def test_since_when_is_remembered_and_forgotten() -> None:
    assert pressed_since(situation([FULL] * 2)) == NOW
    assert pressed_since(situation([FULL] * 2, memory=PRESSED)) == ago(31)
    assert pressed_since(situation([make_sample()] * 2, memory=PRESSED)) is None


def test_it_is_told_once_it_lasts() -> None:
    finding = too_full(situation([FULL] * 2, memory=PRESSED))
    assert finding is not None
    assert finding.reason == "DeviceTooFull"
    assert too_full(situation([FULL] * 2, memory=MemoryStatus(pressed_since=ago(5)))) is None


def test_after_a_quiet_time_under_the_target_each_gets_its_whole_part_again() -> None:
    quiet = make_status(2, budget_percent=90, budget_changed_at=ago(700))
    verdict = eased(situation([make_sample()] * 2, status=quiet))
    assert verdict is not None
    assert (verdict.lever, verdict.value) == (Lever.BUDGET, 100)


@pytest.mark.parametrize(
    "trouble",
    [
        {"status": make_status(2, budget_percent=90, budget_changed_at=ago(599))},
        {"quiet_since": ago(100)},
        {"memory": PRESSED},
    ],
)
def test_not_before(trouble: dict[str, object]) -> None:
    quiet = make_status(2, budget_percent=90, budget_changed_at=ago(700))
    assert eased(situation([make_sample()] * 2, **{"status": quiet, **trouble})) is None


def test_not_over_the_target() -> None:
    quiet = make_status(2, budget_percent=90, budget_changed_at=ago(700))
    assert eased(situation([make_sample(device_used=20 * GIB)] * 2, status=quiet)) is None


def test_whole_parts_stay_whole() -> None:
    assert eased(situation([make_sample()] * 2)) is None
