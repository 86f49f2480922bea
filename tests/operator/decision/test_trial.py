"""Fewer workers for the sake of speed or economy: begun on evidence, kept on proof."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ingestion_contract.metrics import Stage, WorkerState
from ingestion_contract.status import IngestionRunStatus, MemoryStatus, TrialStatus, Videos
from ingestion_operator.decision.decide import decide
from ingestion_operator.decision.policies.crowded import crowded
from ingestion_operator.decision.policies.starved import starved
from ingestion_operator.decision.policies.trial import trial
from ingestion_operator.decision.snapshot import Rate
from ingestion_operator.observe.worker_sample import WorkerSample
from tests.operator.kit import GIB, GPU, NOW, ago, make_run, make_sample, make_snapshot, make_status, situation, waiting

BUSY = make_sample(batch_size=5, batch_overhead=5.0, window_bytes=GIB // 5, windows_waiting=40)
SATURATED = Rate(36000, 0.95, 120.0)
STARVED = Rate(36000, 0.6, 120.0)


def hungry(gpu: str) -> WorkerSample:
    return make_sample(gpu=gpu, limiting=Stage.FETCH, batch_size=2, batch_overhead=5.0, window_bytes=GIB // 5)


def running(parallelism: int, *, rate: int = 36000, **trial: int) -> IngestionRunStatus:
    tried = TrialStatus(from_=4, least_rate=rate, **trial)
    return make_status(parallelism, changed_at=ago(200)).model_copy(update={"trial": tried})


def test_two_that_crowd_a_saturated_device_become_one_with_larger_batches() -> None:
    verdict = crowded(situation([BUSY] * 2, rate=SATURATED))
    assert verdict is not None
    assert (verdict.value, verdict.ceiling) == (1, False)
    assert verdict.trial is not None
    assert (verdict.trial.from_, verdict.trial.least_rate) == (2, 37800)
    assert verdict.message.startswith(
        "the device is busy for 95 % of the time with batches of 5; 1 can have batches of "
    )


@pytest.mark.parametrize(
    "spoiled",
    [
        {"rate": None},
        {"rate": Rate(36000, 0.95, 60.0)},
        {"rate": Rate(36000, 0.8, 120.0)},
        {"rate": Rate(36000, None, 120.0)},
        {"run": make_run({"min": 2})},
        {"status": make_status(2).model_copy(update={"trial": TrialStatus(holds_until=ago(-1), too_few=1)})},
        {"status": make_status(2).model_copy(update={"videos": Videos(total=200, succeeded=180)})},
    ],
)
def test_not_without_every_piece_of_the_evidence(spoiled: dict[str, object]) -> None:
    assert crowded(situation([BUSY] * 2, **{"rate": SATURATED, **spoiled})) is None


def test_not_where_batches_are_large_enough_already() -> None:
    large = make_sample(gib=80, batch_size=60, batch_overhead=5.0, window_bytes=GIB // 5, windows_waiting=40)
    assert crowded(situation([large] * 2, rate=SATURATED)) is None


def test_not_where_no_window_waits_for_the_device() -> None:
    fed = make_sample(batch_size=5, batch_overhead=5.0, window_bytes=GIB // 5, windows_waiting=0)
    assert crowded(situation([fed] * 2, rate=SATURATED)) is None


def test_workers_on_devices_of_their_own_that_wait_for_the_source_give_devices_back() -> None:
    verdict = starved(situation([hungry(f"GPU-{name}") for name in "abcd"], rate=STARVED))
    assert verdict is not None
    assert verdict.value == 3, "a quarter at a time: the trial tells whether each worker has a source of its own"
    assert verdict.message == (
        "4 of 4 workers wait for the source, and they do 19 % of what their devices could; 3 can do as much"
    )


def test_on_one_device_nothing_would_be_given_back() -> None:
    assert starved(situation([hungry("GPU-a")] * 4, rate=STARVED)) is None


def test_not_where_they_wait_for_something_else() -> None:
    slow = [replace(hungry(f"GPU-{name}"), limiting=Stage.DECODE) for name in "abcd"]
    assert starved(situation(slow, rate=STARVED)) is None


def test_while_a_trial_is_measured_nothing_goes_up() -> None:
    verdict = trial(situation([BUSY], status=running(1), rate=Rate(0, 0.9, 10.0)))
    assert verdict is not None
    assert verdict.value == 1


def test_one_that_is_hopeless_is_taken_back_at_once() -> None:
    for heard, reason in ((30000, "TrialTakenBack"), (31000, "Trial")):
        verdict = trial(situation([BUSY], status=running(1), rate=Rate(heard, 0.9, 30.0)))
        assert verdict is not None
        assert verdict.reason == reason


def test_after_one_that_was_kept_the_next_may_begin_at_once() -> None:
    kept = make_status(2).model_copy(update={"trial": TrialStatus(hold_seconds=900, holds_until=ago(-800), useful=2)})
    assert crowded(situation([BUSY] * 2, status=kept, rate=SATURATED)) is not None


def test_a_trial_that_proves_itself_is_kept_and_not_exceeded_for_a_while() -> None:
    verdict = trial(situation([BUSY], status=running(1), rate=Rate(36000, 0.9, 120.0)))
    assert verdict is not None
    assert verdict.value == 1
    assert verdict.trial == TrialStatus(hold_seconds=900, holds_until=NOW + timedelta(seconds=900), useful=1)


def test_more_is_asked_of_fewer_where_workers_are_often_between_two_shards() -> None:
    measured = Rate(40000, 0.9, 120.0, duty=0.7)
    verdict = trial(situation([BUSY], status=running(1), rate=measured))
    assert verdict is not None
    assert verdict.reason == "TrialTakenBack"
    assert "11.1 audio-hours/hour, and 14.2 were asked for" in verdict.message


def test_one_that_does_not_goes_back_to_where_it_began() -> None:
    verdict = trial(situation([BUSY], status=running(1), rate=Rate(34000, 0.9, 120.0)))
    assert verdict is not None
    assert verdict.value == 4
    assert verdict.trial == TrialStatus(hold_seconds=900, holds_until=NOW + timedelta(seconds=900), too_few=1)
    assert verdict.message == "fewer workers have not proved themselves: 9.4 audio-hours/hour, and 10.0 were asked for"


def test_after_one_that_was_too_few_more_of_them_may_be_tried_at_once() -> None:
    slow = make_sample(batch_size=2, batch_overhead=12.0, window_bytes=GIB // 5, windows_waiting=40)
    for too_few, holds_until, tried in ((1, ago(-800), 2), (1, ago(1), 1), (None, None, 1), (2, ago(-800), None)):
        outcome = TrialStatus(hold_seconds=900, holds_until=holds_until, too_few=too_few)
        status = make_status(3).model_copy(update={"trial": outcome})
        verdict = crowded(situation([slow] * 3, status=status, rate=SATURATED))
        assert (verdict.value if verdict is not None else None) == tried


def test_what_was_too_few_is_still_known_after_one_that_was_kept() -> None:
    status = running(2, hold_seconds=900, too_few=1)
    held = status.model_copy(update={"trial": status.trial.model_copy(update={"holds_until": ago(-500)})})
    verdict = trial(situation([BUSY] * 2, status=held, rate=Rate(36000, 0.9, 120.0)))
    assert verdict is not None
    assert verdict.trial is not None
    assert (verdict.trial.useful, verdict.trial.too_few) == (2, 1)


@pytest.mark.parametrize("heard", [0, 36000])
def test_each_trial_holds_twice_as_long_as_the_one_before(heard: int) -> None:
    verdict = trial(situation([BUSY], status=running(1, hold_seconds=900), rate=Rate(heard, 0.9, 120.0)))
    assert verdict is not None
    assert verdict.trial is not None
    assert verdict.trial.hold_seconds == 1800


def test_one_that_cannot_be_measured_is_taken_back_in_the_end() -> None:
    status = running(1)
    assert status.workers is not None
    late = status.model_copy(update={"workers": status.workers.model_copy(update={"changed_at": ago(901)})})
    verdict = trial(situation([BUSY], status=late, rate=None))
    assert verdict is not None
    assert verdict.value == 4


def test_a_change_for_another_reason_ends_it() -> None:
    status = running(2)
    decision = decide(make_snapshot([make_sample(), waiting()], status=status, neighbours={"GPU-1a2b": 8 * GIB}), NOW)
    assert decision.change is not None
    assert decision.change.reason == "MemoryPressure"
    assert decision.trial.from_ is None


def test_a_worker_that_waits_for_the_source_is_hungry_whatever_stage_was_slow_before() -> None:
    samples = [replace(hungry(f"GPU-{name}"), state=WorkerState.WAITING_FOR_SOURCE, limiting=None) for name in "abcd"]
    assert starved(situation(samples, rate=STARVED)) is not None


def test_one_during_which_a_neighbour_came_or_left_proves_nothing_and_is_ended() -> None:
    fast = Rate(40000, 0.9, 120.0)
    for held, reason in ((8 * GIB, "TrialKept"), (9 * GIB, "TrialEnded")):
        verdict = trial(situation([BUSY], status=running(1, too_few=2), rate=fast, neighbours={GPU: held}))
        assert verdict is not None
        assert (verdict.value, verdict.reason) == (1, reason)
        assert verdict.trial is not None
        assert verdict.trial.from_ is None
        assert (verdict.trial.useful is None) == (reason == "TrialEnded")


def test_what_was_too_few_beside_a_neighbour_may_be_enough_without_it() -> None:
    outcome = TrialStatus(hold_seconds=900, holds_until=ago(-800), too_few=1, neighbour_bytes=9 * GIB)
    status = make_status(2).model_copy(update={"trial": outcome})
    verdict = crowded(situation([BUSY] * 2, status=status, rate=SATURATED))
    assert verdict is not None
    assert verdict.value == 1
    assert verdict.trial is not None
    assert verdict.trial.too_few is None


def test_not_where_batches_are_small_only_because_budgets_have_not_followed_the_room_yet() -> None:
    """A neighbour has just left: with budgets for the room that is there now, two would have large batches."""
    small = make_sample(gib=80, batch_size=1, batch_overhead=5.0, window_bytes=GIB // 5, windows_waiting=40)
    memory = MemoryStatus(budget_bytes=int(8.7 * GIB))
    assert crowded(situation([small] * 2, memory=memory, rate=SATURATED)) is None


def test_where_fewer_do_as_much_less_the_source_limits_each_and_no_more_are_given_back_for_a_while() -> None:
    hold = ago(-900)
    for rate, known in ((27500, hold), (33000, None)):
        samples = [hungry(f"GPU-{name}") for name in "abc"]
        verdict = trial(situation(samples, status=running(3), rate=Rate(rate, 0.6, 120.0)))
        assert verdict is not None
        assert verdict.reason == "TrialTakenBack"
        assert verdict.trial is not None
        assert verdict.trial.source_limits_each_until == known


def test_that_the_source_limits_each_is_known_whatever_neighbours_do_and_whatever_else_is_tried() -> None:
    samples = [hungry(f"GPU-{name}") for name in "abcd"]
    for until, tried in ((ago(-1), False), (ago(1), True)):
        outcome = TrialStatus(hold_seconds=900, neighbour_bytes=20 * GIB, source_limits_each_until=until)
        status = make_status(4).model_copy(update={"trial": outcome})
        assert (starved(situation(samples, status=status, rate=STARVED)) is not None) is tried
    status = running(1, hold_seconds=900)
    known = status.trial.model_copy(update={"source_limits_each_until": ago(-500)})
    kept = trial(situation([BUSY], status=status.model_copy(update={"trial": known}), rate=Rate(36000, 0.9, 120.0)))
    assert kept is not None
    assert kept.trial is not None
    assert kept.trial.source_limits_each_until == ago(-500)


def test_whether_more_share_devices_is_judged_when_all_of_them_are_heard() -> None:
    """The others may be on devices of which nobody has told yet."""
    busy = [replace(BUSY, gpu_uuid=f"GPU-{name}") for name in "aab"]
    status = running(4).model_copy(update={"trial": TrialStatus(from_=2, least_rate=36000)})
    last = replace(BUSY, gpu_uuid="GPU-c")
    for heard, outcome in (([*busy, None], (4, "Trial")), ([*busy, last], (3, "TrialTakenBack"))):
        verdict = trial(situation(heard, status=status, rate=None))
        assert verdict is not None
        assert (verdict.value, verdict.reason) == outcome, "in the end one for each of the devices"


def test_fewer_than_there_are_devices_are_not_tried_where_chance_has_put_two_on_one() -> None:
    """The next shards go to the device that is free."""
    current = situation([BUSY] * 2, rate=SATURATED, memory=MemoryStatus(devices=2, shared=True))
    assert crowded(current) is None
