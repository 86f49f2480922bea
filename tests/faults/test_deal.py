"""Chance decides by the seed alone, and every fault gets its turn."""

from __future__ import annotations

from collections import Counter

from benchmarks.faults.campaign import deal
from benchmarks.faults.kinds import KINDS
from benchmarks.faults.page import page
from benchmarks.faults.plan import Page, Plan, Point
from benchmarks.faults.play import Found


def test_the_same_seed_deals_the_same_runs_and_another_seed_others() -> None:
    assert deal(KINDS, 100, 7) == deal(KINDS, 100, 7)
    assert deal(KINDS, 100, 7) != deal(KINDS, 100, 8)


def test_every_fault_comes_as_often_as_any_other() -> None:
    counts = Counter(planned.fault.name for planned in deal(KINDS, 2 * len(KINDS) + 1, 1))
    assert set(counts) == {kind.name for kind in KINDS}
    assert set(counts.values()) <= {2, 3}


def test_names_are_unique_and_told() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert all(kind.told for kind in KINDS)


def test_workers_are_killed_at_every_point() -> None:
    points = {planned.workload.point for planned in deal(KINDS, 60 * len(KINDS), 1)}
    assert points == set(Point)


def test_a_plan_comes_to_the_workers_as_it_was_made() -> None:
    plan = Plan(shards=5, videos=2, seconds=0.25, sections=3, room=2, point=Point.HALF_A_MANIFEST, page=Page.HUGE)
    assert Plan.parse(plan.url()) == plan
    assert Plan.parse(Plan().url()) == Plan()


def test_the_page_counts_by_fault_and_names_what_was_wrong() -> None:
    found = [
        Found(1, "etcd-killed", "", [], 20.0, 3.0),
        Found(2, "etcd-killed", "", [], 20.0, 5.0),
        Found(3, "metrics-huge", "", ["v:1 is lost: no outcome is recorded"], 20.0, None),
    ]
    text = page(found, {"seed": "1"})
    assert "After 2 of 3 runs, every video was accounted for exactly once" in text
    assert "| `etcd-killed` | 2 | 2 | 4.0 | 5.0 |" in text
    assert "| `metrics-huge` | 1 | 0 | - | - |" in text
    assert "- run 3, `metrics-huge`: v:1 is lost: no outcome is recorded" in text
