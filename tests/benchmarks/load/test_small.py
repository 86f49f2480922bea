"""The whole scene with few runs: it works, and says little of cost."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.load.contestant import Contestant
from benchmarks.load.nodes import Found
from benchmarks.load.scene import PROBES, Plan, measure
from dev.cluster.testing import require_cluster

pytestmark = pytest.mark.long

RUNS = 8


@pytest.mark.parametrize("contestant", Contestant)
def test_an_operator_is_measured_with_its_requests(contestant: Contestant, tmp_path: Path) -> None:
    require_cluster()
    found = measure(Plan(contestant, RUNS, 3.0, Found(100, 20)), tmp_path, print)
    assert (found.steady.worker_pods, found.finished, len(found.reconcile_seconds)) == (4, 40, PROBES)
    assert found.steady.cores >= 0
    assert found.start_seconds > 0
    if contestant is Contestant.OURS:
        assert found.settled
        assert found.steady.requests == {}
        assert [each.patched_at is not None for each in found.reactions] == [True, True]
        assert found.large is not None
        assert (found.large.videos, found.large.shards) == (100, 20)
