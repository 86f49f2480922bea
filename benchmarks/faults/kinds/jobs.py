"""Jobs go: by hand, or by their time to live while the operator is away."""

from __future__ import annotations

from benchmarks.faults.fault import Fault
from benchmarks.faults.scene import Scene
from ingestion_operator.resources import JOBS


class JobsDeleted(Fault):
    """Somebody deletes the Jobs."""

    name = "jobs-deleted"
    told = "all Jobs of the run are deleted by hand"

    async def inject(self, scene: Scene) -> None:
        """Delete them."""
        for job in await scene.jobs():
            await scene.kube.delete(JOBS, scene.namespace, job["metadata"]["name"], job["metadata"]["uid"])


class JobsExpired(Fault):
    """The operator comes back when its Jobs have come and gone."""

    name = "jobs-expired"
    told = "the run's Jobs end and are removed by their TTL while the operator is away"

    async def inject(self, scene: Scene) -> None:
        """Let the Jobs that are there expire as soon as they end, without an operator, and wait until they are gone."""
        await scene.until_jobs_are_there()
        scene.slot.operator.kill()
        jobs = await scene.jobs()
        for job in jobs:
            patch = {"spec": {"ttlSecondsAfterFinished": 0}}
            await scene.kube.merge(JOBS, scene.namespace, job["metadata"]["name"], patch)
        uids = {job["metadata"]["uid"] for job in jobs}

        async def gone() -> bool:
            return not uids & {job["metadata"]["uid"] for job in await scene.jobs()}

        await scene.until("the Jobs are removed by their TTL", gone)

    async def undo(self, scene: Scene) -> None:
        """Start the operator."""
        scene.slot.operator.start()


KINDS: tuple[type[Fault], ...] = (JobsDeleted, JobsExpired)
