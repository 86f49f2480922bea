"""The order in which the Job controller takes pods away."""

from ingestion_operator.decision.removal import most_on_one, removed
from tests.operator.kit import ago, make_pod, make_sample, situation


def test_those_that_do_not_run_go_first_then_those_that_are_not_ready_then_the_latest_ready() -> None:
    pending = make_pod(0, running=False, ready=False, ready_since=None)
    waiting = make_pod(1, ready=False, ready_since=None)
    young = make_pod(2, ready_since=ago(10))
    old = make_pod(3, ready_since=ago(500))
    pods = [old, young, waiting, pending]
    assert removed(pods, 3) == [pending]
    assert removed(pods, 2) == [pending, waiting]
    assert removed(pods, 1) == [pending, waiting, young]


def test_of_those_alike_the_newest_goes() -> None:
    older, newer = (make_pod(number, ready=False, ready_since=None, created_at=ago(90 - number)) for number in (0, 1))
    assert removed([older, newer], 1) == [newer]


def test_nobody_goes_where_there_are_no_more_than_wanted() -> None:
    assert removed([make_pod(0)], 1) == []
    assert removed([make_pod(0)], 4) == []


def test_how_crowded_a_device_would_be_depends_on_who_goes() -> None:
    """Of alike pods the one with the last name goes first: see the order above."""
    right, wrong = ([make_sample(gpu=f"GPU-{gpu}") for gpu in gpus] for gpus in ("aabc", "abcc"))
    assert most_on_one(situation(right), 3) == 1
    assert most_on_one(situation(wrong), 3) == 2
