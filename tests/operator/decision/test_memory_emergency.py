from dataclasses import replace

import pytest

from ingestion_contract.metrics import Stage, WorkerState
from ingestion_contract.status import MemoryStatus
from ingestion_contract.summary import MemoryReport, ShardSummary
from ingestion_operator.decision.policies.memory_emergency import memory_emergency
from ingestion_operator.decision.situation import Situation
from tests.operator.kit import (
    FLOOR,
    GIB,
    GPU,
    NOW,
    ago,
    ended_pod,
    make_pod,
    make_run,
    make_sample,
    make_snapshot,
    make_status,
    situation,
    waiting,
)


@pytest.mark.parametrize(("gib", "fits"), [(24, 2), (16, 1), (40, 3)])
def test_workers_that_wait_leave_as_many_as_the_measured_floors_say_fit(gib: int, fits: int) -> None:
    working = [make_sample(gib=gib)] * fits
    verdict = memory_emergency(situation([*working, *[waiting(gib=gib)] * (4 - fits)]))
    assert verdict is not None
    assert verdict.value == fits
    assert verdict.ceiling


def test_the_message_carries_the_evidence() -> None:
    verdict = memory_emergency(situation([make_sample(), make_sample(), waiting(), waiting()]))
    assert verdict is not None
    assert verdict.message == (
        "2 of 4 workers on GPU-1a2b wait for memory; floor 8.6 GiB each; 2 fit under 80 % of 24.0 GiB"
    )


def test_nothing_measured_leaves_half_of_those_present() -> None:
    verdict = memory_emergency(situation([make_sample(floor=None), *[waiting()] * 3]))
    assert verdict is not None
    assert verdict.value == 2
    assert "has not been measured" in verdict.message


def test_half_of_three_is_two() -> None:
    verdict = memory_emergency(situation([make_sample(floor=None), waiting(), waiting()]))
    assert verdict is not None
    assert verdict.value == 2


def test_what_a_worker_that_loads_will_measure_is_waited_for() -> None:
    """Kubernetes would not tell it from a waiting one, and might remove it with all that it has loaded."""
    loading = make_sample(WorkerState.STARTING, floor=None)
    snapshot = make_snapshot([loading, loading, waiting(), waiting()])
    young = tuple(replace(pod, started_at=ago(20)) for pod in snapshot.pods)
    old = tuple(replace(pod, started_at=ago(121)) for pod in snapshot.pods)
    assert memory_emergency(Situation(replace(snapshot, pods=young), NOW)) is None
    verdict = memory_emergency(Situation(replace(snapshot, pods=old), NOW))
    assert verdict is not None
    assert verdict.value == 2


def test_a_floor_measured_earlier_counts_while_nobody_measures() -> None:
    verdict = memory_emergency(situation([waiting()] * 4, memory=MemoryStatus(floor_bytes=FLOOR)))
    assert verdict is not None
    assert verdict.value == 2


def test_two_halvings_are_some_time_apart_because_waiting_workers_try_again() -> None:
    lowered = make_status(2, ceiling=2, changed_at=ago(10))
    assert memory_emergency(situation([waiting()] * 2, status=lowered)) is None
    later = make_status(2, ceiling=2, changed_at=ago(31))
    verdict = memory_emergency(situation([waiting()] * 2, status=later))
    assert verdict is not None
    assert verdict.value == 1


def test_the_minimum_is_kept() -> None:
    run = make_run({"min": 3})
    verdict = memory_emergency(situation([make_sample(), *[waiting()] * 3], run=run))
    assert verdict is not None
    assert verdict.value == 3


def test_a_waiting_worker_among_as_many_as_fit_finds_room_by_itself() -> None:
    assert memory_emergency(situation([make_sample(), waiting()])) is None


def test_pods_that_are_on_their_way_out_do_not_count() -> None:
    leaving = make_pod(7, deleting=True)
    current = situation([make_sample(), make_sample()], others=[leaving])
    assert current.waiting == 0
    assert memory_emergency(current) is None


def test_the_status_of_pods_alone_suffices() -> None:
    """Nobody answers on the metrics port, and two workers have ended with exit code 85."""
    exits = [ended_pod(number, 85) for number in (2, 3)]
    verdict = memory_emergency(situation([None, None], status=make_status(4), others=exits))
    assert verdict is not None
    assert verdict.value == 2


def test_what_an_exhausted_worker_reports_is_a_measurement() -> None:
    report = MemoryReport(
        gpu_uuid=GPU, stage=Stage.EMBED, total_bytes=40 * GIB, used_bytes=39 * GIB, own_bytes=0, floor_bytes=FLOOR
    )
    summary = ShardSummary(shard=3, total=5, succeeded=0, failed=0, skipped=0, memory=report)
    verdict = memory_emergency(situation([None] * 3, status=make_status(4), others=[ended_pod(3, 85, summary)]))
    assert verdict is not None
    assert verdict.value == 3


def test_an_exit_before_the_last_change_has_been_answered() -> None:
    old = ended_pod(3, 85, seconds_ago=500)
    status = make_status(2, changed_at=ago(400))
    assert memory_emergency(situation([make_sample(), make_sample()], status=status, others=[old])) is None


def test_fewer_workers_free_nothing_where_each_has_a_device_of_its_own() -> None:
    samples = [make_sample(gpu="GPU-a"), make_sample(gpu="GPU-b"), waiting(gpu="GPU-c")]
    assert memory_emergency(situation(samples)) is None
    unmeasured = [waiting(gpu="GPU-a"), waiting(gpu="GPU-b"), waiting(gpu="GPU-c")]
    assert memory_emergency(situation(unmeasured)) is None


def test_of_several_shared_devices_only_the_crowded_one_gives_workers_up() -> None:
    crowded = [make_sample(gpu="GPU-a"), make_sample(gpu="GPU-a"), waiting(gpu="GPU-a")]
    roomy = [make_sample(gpu="GPU-b"), make_sample(gpu="GPU-b")]
    snapshot = make_snapshot([*crowded, *roomy])
    pods = tuple(replace(pod, ready=pod.name != "talks-work-2") for pod in snapshot.pods)
    verdict = memory_emergency(Situation(replace(snapshot, pods=pods), NOW))
    assert verdict is not None
    assert verdict.value == 4


def test_of_several_devices_one_that_is_not_heard_keeps_its_worker() -> None:
    """It is between two shards. That as many fit as are heard would stop all the others, too."""
    seen = [*[make_sample(gpu="GPU-a")] * 2, waiting(gpu="GPU-a"), None, None, None]
    snapshot = make_snapshot(seen, status=make_status(6), memory=MemoryStatus(devices=2, floor_bytes=FLOOR))
    pods = tuple(replace(pod, ready=pod.name != "talks-work-2") for pod in snapshot.pods)
    verdict = memory_emergency(Situation(replace(snapshot, pods=pods), NOW))
    assert verdict is not None
    assert verdict.value == 5


def test_where_one_that_has_not_begun_would_go_instead_that_is_waited_for() -> None:
    heard = [*[make_sample(gpu="GPU-a")] * 2, waiting(gpu="GPU-a"), make_sample(gpu="GPU-b")]
    begins = make_pod(9, running=False, ready=False, ready_since=None, started_at=None)
    snapshot = make_snapshot(heard, status=make_status(5), others=[begins])
    pods = tuple(replace(pod, ready=pod.ready and pod.name != "talks-work-2") for pod in snapshot.pods)
    assert memory_emergency(Situation(replace(snapshot, pods=pods), NOW)) is None


def test_where_none_fits_under_the_target_one_stays_on_each_device() -> None:
    """Alone on a device, a worker may use what is above the target."""
    for gpus, left in (("abab", 2), ("aabb", 3)):
        samples = [waiting(gpu=f"GPU-{gpu}", gib=10, floor=FLOOR) for gpu in gpus]
        verdict = memory_emergency(situation(samples))
        assert verdict is not None
        assert verdict.value == left, "of those that go first, each is too many on its device"


def test_host_memory_is_another_matter() -> None:
    """Exit code 137 lowers nothing: a smaller number of workers on the device does not help a container's limit."""
    assert memory_emergency(situation([make_sample(gib=80)] * 3, others=[ended_pod(3, 137)])) is None


@pytest.mark.parametrize(("seconds_ago", "value"), [(38, None), (3, 1)])
def test_exits_right_after_a_change_have_waited_before_it_and_bring_no_second_one(
    seconds_ago: int, value: int | None
) -> None:
    status = make_status(2, changed_at=ago(40), ceiling=2, ceiling_expires_at=ago(-560))
    verdict = memory_emergency(situation([None], status=status, others=[ended_pod(5, 85, seconds_ago=seconds_ago)]))
    assert (verdict.value if verdict is not None else None) == value
