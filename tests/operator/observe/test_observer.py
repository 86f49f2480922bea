"""When the workers of a run are asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ingestion_contract import identity
from ingestion_contract.pod import Step
from ingestion_operator.observe.cache import Cache
from ingestion_operator.observe.observer import Observer
from ingestion_operator.observe.packed import PackedRun
from ingestion_operator.observe.pods import Pod
from ingestion_operator.observe.read_run import read_run
from ingestion_operator.observe.worker_sample import WorkerSample
from tests.operator.control.fake_kube import FakeKube
from tests.operator.kit import NOW, RUN_UID, make_raw_run, make_run, make_sample

RAW_RUN = make_raw_run(make_run(), {"videoList": {"count": 200, "shards": 20, "digest": "0" * 64}})


class Workers:
    """Stand in for the workers' metrics ports, and note when they are asked."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self.asked_at: list[datetime] = []

    async def scrape(self, pods: Iterable[Pod]) -> Mapping[str, WorkerSample]:
        self.asked_at.append(self._watched.now)
        return {pod.uid: make_sample(at=self._watched.now) for pod in pods}


class Watched:
    """A run with one worker, and its observer."""

    def __init__(self) -> None:
        self.now = NOW
        self.workers = Workers(self)
        self._cache = Cache()
        self._versions = 0
        self._observer = Observer(RUN_UID, self._cache, FakeKube(), self.workers, 5.0, lambda: self.now)
        self._cache.put_job(RUN_UID, self._raw("job", spec={"completions": 20}, status={}))

    def pod(self, *, ready: bool) -> None:
        """Let the watch show the worker."""
        status = {
            "phase": "Running",
            "podIP": "10.0.0.1",
            "containerStatuses": [{"name": "worker", "state": {"running": {"startedAt": "2026-11-24T11:00:00Z"}}}],
            "conditions": [{"type": "Ready", "status": str(ready), "lastTransitionTime": "2026-11-24T11:01:00Z"}],
        }
        self._cache.put_pod(RUN_UID, self._raw("pod", status=status))

    async def look(self, seconds: float = 0.0) -> None:
        """Let time pass, and look."""
        self.now += timedelta(seconds=seconds)
        await self._observer.observe(read_run(PackedRun(RAW_RUN)))

    def _raw(self, name: str, **parts: Any) -> dict[str, Any]:
        self._versions += 1
        owner = RUN_UID if name == "job" else "job"
        meta = {
            "uid": name,
            "name": name,
            "resourceVersion": str(self._versions),
            "creationTimestamp": "2026-11-24T11:00:00Z",
            "labels": {identity.RUN_UID_LABEL: RUN_UID, identity.STEP_LABEL: Step.WORK.value},
            "ownerReferences": [{"controller": True, "uid": owner}],
        }
        return {"metadata": meta, **parts}


async def test_a_burst_of_events_asks_the_workers_once() -> None:
    watched = Watched()
    watched.pod(ready=True)
    for _ in range(3):
        await watched.look(0.2)
    assert len(watched.workers.asked_at) == 1
    await watched.look(1)
    assert len(watched.workers.asked_at) == 2


async def test_a_worker_that_turns_not_ready_is_asked_at_once() -> None:
    watched = Watched()
    watched.pod(ready=True)
    await watched.look()
    watched.pod(ready=False)
    await watched.look(0.2)
    assert watched.workers.asked_at == [NOW, NOW + timedelta(seconds=0.2)]
    await watched.look(0.2)
    assert len(watched.workers.asked_at) == 2


async def test_a_worker_that_has_not_been_ready_yet_is_no_news() -> None:
    watched = Watched()
    watched.pod(ready=False)
    await watched.look()
    watched.pod(ready=False)
    await watched.look(0.2)
    assert len(watched.workers.asked_at) == 1
