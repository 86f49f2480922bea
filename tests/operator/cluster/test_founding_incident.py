"""A run on a real API server, and the founding incident: what a contributor sees at each change of the operator."""

from __future__ import annotations

from ingestion_contract.status import ConditionType
from ingestion_operator.resources import JOBS
from ingestion_operator.status.conditions import holds
from tests.operator.cluster.kit import Operator, Runs, all_of, changes, eventually


async def test_a_run_goes_to_its_end(runs: Runs, operator: Operator) -> None:
    await runs.apply(shards=3, videos=2, gib=80)
    status = await runs.until_ended()
    assert holds(status.conditions, ConditionType.COMPLETE)
    assert (status.progress, status.videos.succeeded, status.videos.success_percent) == ("6/6", 6, 100)
    assert sorted(runs.ingested()) == all_of(3, 2)
    await runs.until_told("DiscoveryComplete", "RunComplete")

    async def expiring() -> bool:
        jobs = await runs.select(JOBS)
        return all(job["spec"].get("ttlSecondsAfterFinished") == 3600 for job in jobs)

    await eventually("the Jobs expire an hour later", expiring)


async def test_the_incident_workers_wait_for_memory_and_four_become_two(runs: Runs, operator: Operator) -> None:
    await runs.apply(shards=6, videos=4, seconds=0.5, room=2)
    status = await runs.until_ended()
    assert changes(status) == [(4, 2, "MemoryPressure")]
    assert status.memory.oom_total >= 1
    assert status.workers is not None
    assert (status.workers.parallelism, status.workers.ceiling) == (2, 2)
    assert status.memory.budget_bytes == 24 * 2**30 * 80 // 100 // 2
    assert holds(status.conditions, ConditionType.COMPLETE)
    assert sorted(runs.ingested()) == all_of(6, 4)
    work = await runs.job("work")
    assert work is not None
    assert work["spec"]["parallelism"] == 2
    assert not work["status"].get("failedIndexes")
    await runs.until_told("DiscoveryComplete", "MemoryPressure", "RunComplete")
