"""What holds over time, whatever the workers go through."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion_contract.metrics import Stage, WorkerState
from ingestion_contract.status import IngestionRunStatus, VideoList, Videos, WorkersStatus
from ingestion_operator.decision.decide import decide
from ingestion_operator.decision.decision import Verdict
from ingestion_operator.decision.removal import removed
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.snapshot import Snapshot
from ingestion_operator.observe.pods import Pod
from ingestion_operator.observe.rate import RateMeter
from ingestion_operator.observe.worker_sample import WorkerSample
from ingestion_operator.status.report import next_status
from tests.operator.kit import FLOOR, GIB, NOW, ended_pod, make_job, make_pod, make_run, make_snapshot

STEP = timedelta(seconds=20)
HOUR = 180
MOST_CHANGES_AN_HOUR = 30
VIDEOS = VideoList(count=200, shards=20, digest="0" * 64)
FOUR = WorkersStatus(parallelism=4, changed_at=NOW)


@dataclass
class World:
    """Pods that follow the lever at once, and workers that are in whatever state chance wants."""

    chance: random.Random
    now: datetime = NOW
    status: IngestionRunStatus = field(default_factory=lambda: IngestionRunStatus(video_list=VIDEOS, workers=FOUR))
    pods: list[Pod] = field(default_factory=list)
    made: int = 0
    meter: RateMeter = field(default_factory=RateMeter)
    quiet_since: datetime = NOW
    changes: list[Verdict] = field(default_factory=list)

    def step(self) -> None:
        self.now += STEP
        self._follow()
        others = [self._exhausted()] if self.chance.random() < 0.03 else []
        snapshot = self._seen(others)
        situation = Situation(snapshot, self.now)
        if situation.waiting or situation.silent:
            self.quiet_since = self.now
        self.meter.add(situation)
        snapshot = replace(snapshot, quiet_since=self.quiet_since, rate=self.meter.rate())
        decision = decide(snapshot, self.now)
        if decision.change is not None:
            self.changes.append(decision.change)
        self.status = next_status(snapshot, decision, None, self.now)

    def _follow(self) -> None:
        assert self.status.workers is not None
        wanted = self.status.workers.parallelism
        going = removed(self.pods, wanted)
        self.pods = [pod for pod in self.pods if pod not in going]
        while len(self.pods) < wanted:
            self.made += 1
            self.pods.append(make_pod(self.made, created_at=self.now, started_at=self.now, ready_since=self.now))

    def _seen(self, others: list[Pod]) -> Snapshot:
        snapshot = make_snapshot(run=make_run(), status=self.status, others=[*self.pods, *others], jobs=[make_job()])
        samples = {pod.uid: sample for pod in self.pods if (sample := self._sample()) is not None}
        return replace(snapshot, samples=samples)

    def _exhausted(self) -> Pod:
        self.made += 1
        ended = ended_pod(self.made, 85)
        assert ended.exit is not None
        return replace(ended, exit=replace(ended.exit, finished_at=self.now))

    def _sample(self) -> WorkerSample | None:
        if self.chance.random() < 0.02:
            return None
        state = self.chance.choices(list(WorkerState), weights=[1, 40, self.chance.choice([0, 3]), 2, 0])[0]
        assert self.status.workers is not None
        return WorkerSample(
            at=self.now,
            state=state,
            gpu_uuid="GPU-a",
            device_total=80 * GIB,
            device_used=self.chance.randint(30, 78) * GIB,
            floor=self.chance.choice([FLOOR, FLOOR, FLOOR, 2 * FLOOR, None]),
            window_bytes=GIB // 5,
            batch_size=self.chance.randint(1, 20),
            batch_ceiling=self.chance.randint(1, 20),
            batch_overhead=5.0,
            utilisation=self.chance.choice([0.1, 0.5, 0.95, 1.0]),
            windows_waiting=self.chance.choice([0, 50]),
            limiting=self.chance.choice([None, *Stage]),
            audio_seconds=self.chance.randint(0, 10_000),
            limits_revision=self.status.workers.limits_revision,
        )


def an_hour(seed: int) -> World:
    world = World(random.Random(seed))
    world.status = world.status.model_copy(update={"videos": Videos(total=200)})
    for _ in range(HOUR):
        world.step()
    return world


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32))
def test_no_flapping_whatever_the_workers_go_through(seed: int) -> None:
    changes = an_hour(seed).changes
    assert len(changes) <= MOST_CHANGES_AN_HOUR, [(change.reason, change.value) for change in changes]
    assert all(change.reason and change.message for change in changes)


def test_such_hours_are_not_uneventful() -> None:
    reasons = {change.reason for seed in range(5) for change in an_hour(seed).changes}
    assert {"MemoryPressure", "MemoryRecovered"} <= reasons


def test_every_change_is_in_the_status_with_its_reason() -> None:
    world = an_hour(1)
    told = [(change.lever, change.to, change.reason) for change in world.status.adaptations]
    assert told == [(change.lever, change.value, change.reason) for change in world.changes][-len(told) :]
    assert told
