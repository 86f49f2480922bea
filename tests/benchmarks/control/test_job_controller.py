"""The Job controller of the contest does what was seen of Kubernetes' own."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.control.job_controller import JobController


@dataclass
class Pod:
    index: int
    scheduled: bool = True
    running: bool = True
    ready_since: float | None = 10.0
    created_at: float = 0.0
    removed_at: float | None = None


def test_pods_go_unscheduled_then_pending_then_not_ready_then_shortest_ready_first() -> None:
    pods = [
        Pod(0, ready_since=10.0),
        Pod(1, ready_since=50.0),
        Pod(2, ready_since=None),
        Pod(3, ready_since=None, running=False),
        Pod(4, ready_since=None, running=False, scheduled=False),
    ]
    controller = JobController(completions=10, parallelism=5)
    gone = []
    for parallelism in (4, 3, 2, 1):
        controller.parallelism = parallelism
        (surplus,) = controller.surplus(pods)
        gone.append(surplus.index)
        pods.remove(surplus)
    assert gone == [4, 3, 2, 1]


def test_a_pod_that_is_on_its_way_out_is_replaced_when_it_is_gone() -> None:
    controller = JobController(completions=3, parallelism=2)
    assert controller.missing([Pod(0), Pod(1, removed_at=5.0)], now=6.0) == []
    controller.ended(1, succeeded=False, removed=True, now=7.0)
    assert controller.missing([Pod(0)], now=7.0) == [1]


def test_an_index_that_fails_is_tried_again_after_10_20_40_seconds_and_at_most_10_minutes() -> None:
    controller = JobController(completions=1, parallelism=1)
    waits, now = [], 0.0
    for _ in range(9):
        controller.ended(0, succeeded=False, removed=False, now=now)
        again = controller.next_at([], now)
        assert again is not None
        waits.append(again - now)
        now = again
        assert controller.missing([], now) == [0]
    assert waits == [10, 20, 40, 80, 160, 320, 600, 600, 600]


def test_an_index_that_is_backed_off_holds_its_slot() -> None:
    controller = JobController(completions=3, parallelism=1)
    controller.ended(0, succeeded=False, removed=False, now=0.0)
    assert controller.missing([], now=5.0) == []
    assert controller.missing([], now=10.0) == [0]


def test_no_more_pods_are_made_than_there_are_indexes_left() -> None:
    controller = JobController(completions=3, parallelism=8)
    controller.ended(0, succeeded=True, removed=False, now=0.0)
    assert controller.missing([], now=0.0) == [1, 2]
