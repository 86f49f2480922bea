"""Two operators at once, as when one of two releases was forgotten, or an old pod is slow to go."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from benchmarks.reaction.timeline import Seen
from benchmarks.reaction.watch import Watch
from dev.cluster import Cluster
from tests.operator.cluster.kit import Operator, Runs

pytestmark = pytest.mark.long

NAMES = ("talks", "lectures")


@pytest.fixture
def second_operator(operator_kubeconfig: Path, namespace: str, tmp_path: Path) -> Iterator[Operator]:
    """Another one that serves the same namespace."""
    operator = Operator(operator_kubeconfig, namespace, tmp_path / "second.log")
    operator.start()
    yield operator
    operator.stop()
    print(operator.log.read_text())


async def test_two_operators_decide_once_and_never_move_a_job_back(
    cluster: Cluster, runs: Runs, operator: Operator, second_operator: Operator
) -> None:
    watch = Watch(cluster, runs.namespace)
    async with watch.following():
        for name in NAMES:
            await runs.apply(name, shards=4, videos=4, seconds=0.5, room=2)
        statuses = [await runs.until_ended(name) for name in NAMES]

    for name, status in zip(NAMES, statuses, strict=True):
        changes = [(item.from_, item.to, item.reason) for item in status.adaptations]
        assert changes == [(4, 2, "MemoryPressure")]
        assert values(watch, name, Seen.WANTED) == [4, 2]
        assert values(watch, name, Seen.PARALLELISM) == [4, 2]
        assert len(runs.ingested(name)) == 16
    await runs.until_told(*(reason for reason in ("DiscoveryComplete", "MemoryPressure", "RunComplete") for _ in NAMES))


def values(watch: Watch, run: str, seen: Seen) -> list[int]:
    """What a watch has shown of a run, without repetitions."""
    shown = (sighting.value for sighting in watch.sightings if sighting.run == run and sighting.seen is seen)
    return [value for value, _ in groupby(shown)]
