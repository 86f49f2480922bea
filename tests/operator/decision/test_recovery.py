from dataclasses import replace

import pytest

from ingestion_contract.metrics import WorkerState
from ingestion_contract.status import MemoryStatus, TrialStatus
from ingestion_operator.decision.policies.recovery import recovery
from ingestion_operator.decision.snapshot import Rate
from tests.operator.kit import GIB, GPU, ago, make_job, make_run, make_sample, make_status, situation, waiting

IDLE = make_sample(gib=80, utilisation=0.4, batch_size=8, batch_overhead=5.0, window_bytes=GIB // 5)


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


@pytest.mark.parametrize(("wanted", "value"), [(1, 3), (2, 3), (3, 4), (6, 7)])
def test_beyond_an_expired_ceiling_one_step_at_a_time(wanted: int, value: int) -> None:
    """The floors said that so many fit, too, when memory ran out above the ceiling."""
    expired = make_status(wanted, ceiling=2, ceiling_expires_at=ago(1))
    verdict = recovery(situation([make_sample(gib=80)] * wanted, status=expired))
    assert verdict is not None
    assert verdict.value == value


def test_not_above_the_shards_that_are_left() -> None:
    job = make_job(completions=20, succeeded=17)
    verdict = recovery(situation([make_sample(gib=80)], jobs=[job]))
    assert verdict is not None
    assert verdict.value == 3


def test_a_ceiling_whose_cause_was_others_goes_with_them() -> None:
    status = make_status(1, ceiling=2, ceiling_expires_at=ago(-500), ceiling_neighbour_bytes=20 * GIB)
    verdict = recovery(situation([make_sample(gib=80)], status=status))
    assert verdict is not None
    assert verdict.value == 7
    again = make_status(
        1, ceiling=2, ceiling_expires_at=ago(-500), ceiling_neighbour_bytes=20 * GIB, ceiling_hold_seconds=1200
    )
    verdict = recovery(situation([make_sample(gib=80)], status=again))
    assert verdict is not None
    assert verdict.value == 2, "where they come and go, it stands its time"
    verdict = recovery(situation([make_sample(gib=80)], status=status, neighbours={GPU: 15 * GIB}))
    assert verdict is not None
    assert verdict.value == 2


def test_not_above_what_a_trial_has_shown_to_be_useful() -> None:
    trial = TrialStatus(hold_seconds=900, holds_until=ago(-10), useful=2)
    status = make_status(1).model_copy(update={"trial": trial})
    verdict = recovery(situation([make_sample(gib=80)], status=status))
    assert verdict is not None
    assert verdict.value == 2
    for outdated in ({"holds_until": ago(10)}, {"neighbour_bytes": 9 * GIB}):
        over = status.model_copy(update={"trial": trial.model_copy(update=outdated)})
        verdict = recovery(situation([make_sample(gib=80)], status=over))
        assert verdict is not None
        assert verdict.value == 7


def test_a_device_that_is_busy_already_gets_no_more_workers() -> None:
    busy = replace(IDLE, batch_size=50, windows_waiting=9)
    assert recovery(situation([busy], rate=Rate(36000, 0.95, 120.0))) is None


def test_a_device_that_waits_for_its_worker_gets_as_many_as_keep_it_busy() -> None:
    verdict = recovery(situation([IDLE], rate=Rate(36000, 0.4, 120.0)))
    assert verdict is not None
    assert verdict.value == 4


def test_where_workers_tell_how_busy_the_device_is_that_is_waited_for() -> None:
    assert recovery(situation([IDLE])) is None
    assert recovery(situation([IDLE], rate=Rate(36000, 0.4, 20.0))) is None


def test_nothing_is_judged_while_one_of_them_loads_its_models_for_the_next_shard() -> None:
    loading = replace(IDLE, state=WorkerState.STARTING)
    assert recovery(situation([IDLE, loading], rate=Rate(36000, 0.4, 120.0))) is None


def test_batches_that_are_small_only_because_budgets_are_not_yet_raised_are_no_reason_for_more_workers() -> None:
    """A neighbour has just left; with the room that is there now, two saturate the device."""
    small = make_sample(utilisation=1.0, batch_size=1, window_bytes=GIB // 5, windows_waiting=48, floor=int(5.6 * GIB))
    assert recovery(situation([small] * 2, rate=Rate(36000, 1.0, 120.0))) is None


def test_where_workers_are_often_between_two_shards_others_fill_the_gaps() -> None:
    busy = replace(IDLE, batch_size=50, windows_waiting=9)
    verdict = recovery(situation([busy], rate=Rate(36000, 1.0, 120.0, duty=0.6)))
    assert verdict is not None
    assert verdict.value == 3


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


@pytest.mark.parametrize(("gib", "value"), [(16, 3), (24, 4), (80, 7)])
def test_beyond_what_fits_on_devices_of_their_own_only_one_more_at_a_time(gib: int, value: int) -> None:
    """Two workers on two devices may as well share them with others that have not started yet."""
    samples = [make_sample(gpu=f"GPU-{name}", gib=gib) for name in "ab"]
    verdict = recovery(situation(samples, run=make_run({"max": 7})))
    assert verdict is not None
    assert verdict.value == value


def test_more_than_one_on_devices_of_their_own_are_a_trial_unless_the_devices_have_time_left() -> None:
    """The next ones may share them, where one each is enough."""
    samples = [replace(IDLE, gpu_uuid=f"GPU-{name}", batch_size=50, windows_waiting=9) for name in "ab"]
    for rate, is_trial in ((None, True), (Rate(36000, 0.95, 120.0), True), (Rate(36000, 0.5, 120.0), False)):
        verdict = recovery(situation(samples, rate=rate))
        assert verdict is not None
        assert (verdict.trial is not None) is is_trial


def test_where_workers_were_seen_to_share_the_known_devices_are_all_there_are() -> None:
    samples = [make_sample(gpu=f"GPU-{name}") for name in "ab"]
    run = make_run({"max": 7})
    verdict = recovery(situation(samples, run=run, memory=MemoryStatus(devices=2, shared=True)))
    assert verdict is not None
    assert (verdict.value, verdict.trial) == (4, None)
    small = [make_sample(gpu=f"GPU-{name}", gib=12) for name in "ab"]
    assert recovery(situation(small, run=run, memory=MemoryStatus(devices=2, shared=True))) is None
    alone = recovery(situation(small, run=run, memory=MemoryStatus(devices=2)))
    assert alone is not None
    assert alone.value == 3
