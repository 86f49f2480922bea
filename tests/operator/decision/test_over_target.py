from dataclasses import replace

import pytest

from ingestion_operator.decision.policies.over_target import over_target
from ingestion_operator.decision.situation import Situation
from tests.operator.kit import FLOOR, GIB, GPU, NOW, ago, make_sample, make_snapshot, situation


def test_four_floors_that_exceed_the_target_become_three_without_an_oom() -> None:
    verdict = over_target(situation([make_sample(gib=40)] * 4))
    assert verdict is not None
    assert verdict.value == 3
    assert verdict.ceiling
    assert verdict.message.startswith("the 4 workers on GPU-1a2b need 34.4 GiB at their floors; floor 8.6 GiB each")


def test_four_floors_within_the_target_are_left_alone() -> None:
    assert over_target(situation([make_sample(gib=48)] * 4)) is None


def test_nothing_happens_before_all_on_the_device_have_measured() -> None:
    assert over_target(situation([make_sample(gib=40)] * 3 + [make_sample(gib=40, floor=None)])) is None


def test_what_a_batch_has_grown_into_is_not_a_floor() -> None:
    samples = [make_sample(gib=48, own=11 * GIB, device_used=47 * GIB)] * 4
    assert over_target(situation(samples)) is None


def test_one_worker_alone_may_exceed_the_target() -> None:
    assert over_target(situation([make_sample(gib=10, floor=FLOOR)])) is None


def test_where_kubernetes_would_remove_a_worker_of_another_device_nobody_is_removed() -> None:
    """All are ready, so the one that was ready last would go."""
    crowded, roomy = [make_sample(gib=20, gpu="GPU-a")] * 2, [make_sample(gib=40, gpu="GPU-b")]
    snapshot = make_snapshot([*crowded, *roomy])
    last_on_roomy = tuple(replace(pod, ready_since=ago(100 - 10 * n)) for n, pod in enumerate(snapshot.pods))
    last_on_crowded = tuple(replace(pod, ready_since=ago(10 + 10 * n)) for n, pod in enumerate(snapshot.pods))
    assert over_target(Situation(replace(snapshot, pods=last_on_roomy), NOW)) is None
    verdict = over_target(Situation(replace(snapshot, pods=last_on_crowded), NOW))
    assert verdict is not None
    assert verdict.value == 2


def test_what_others_hold_counts() -> None:
    verdict = over_target(situation([make_sample()] * 2, neighbours={GPU: 6 * GIB}))
    assert verdict is not None
    assert verdict.value == 1
    assert verdict.message.endswith("1 fits under 80 % of 24.0 GiB beside 6.0 GiB of other processes")


@pytest.mark.parametrize(("gib", "fit"), [(16, 1), (24, 2), (40, 3), (48, 4)])
def test_as_many_stay_as_fit_on_a_device_of_their_own(gib: int, fit: int) -> None:
    verdict = over_target(situation([make_sample(gib=gib)] * 4))
    assert (verdict.value if verdict is not None else 4) == fit


def test_on_one_of_several_devices_as_many_go_as_are_there_among_the_first_to_go() -> None:
    """Any other would leave room that nobody uses."""
    samples = [*[make_sample(gib=20, gpu="GPU-a")] * 4, *[make_sample(gib=80, gpu="GPU-b")] * 4]
    for ready_last, left in (((0, 1, 4, 5), 6), ((0, 1, 2, 3), 5), ((4, 0, 1, 2), None)):
        snapshot = make_snapshot(samples)
        order = {number: ago(10 + place) for place, number in enumerate(ready_last)}
        pods = tuple(replace(pod, ready_since=order.get(n, ago(500))) for n, pod in enumerate(snapshot.pods))
        verdict = over_target(Situation(replace(snapshot, pods=pods), NOW))
        assert (verdict.value if verdict is not None else None) == left
