"""What became of each video of a shard, in the output and in the metrics."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ingestion_contract import layout
from ingestion_contract.metrics import Result
from ingestion_contract.records import Outcome, Video, VideoManifest
from ingestion_contract.summary import MemoryReport, ShardSummary
from ingestion_worker.output.store import Store
from ingestion_worker.telemetry.metrics import Metrics
from ingestion_worker.text.words import told

log = logging.getLogger(__name__)

MAX_DETAIL = 500


@dataclass(frozen=True)
class Task:
    """A video to ingest, and the keys of its output: of the transcript, and of the vectors made from it."""

    video: Video
    transcript_key: str
    key: str


class Outcomes:
    """The recorded outcomes of a shard: those of earlier attempts, and those that are added."""

    def __init__(self, store: Store, run_uid: str, shard: int, tasks: Sequence[Task], metrics: Metrics) -> None:
        self._store = store
        self._run_uid = run_uid
        self._shard = shard
        self._tasks = tasks
        self._metrics = metrics
        self._recorded: dict[str, Outcome] = {}

    def take_over(self) -> list[Task]:
        """Take over what the output holds already, and return the tasks that are still to be done.

        A video whose manifest exists is not done again, whoever made it: it is recorded as succeeded. Nor is one
        that this run has skipped, or given up after all attempts.
        """
        manifests = self._store.read_records((layout.manifest(task.key) for task in self._tasks), VideoManifest)
        earlier = self._store.read_records((self._path(task) for task in self._tasks), Outcome)
        to_do = []
        for task in self._tasks:
            manifest = manifests.get(layout.manifest(task.key))
            outcome = earlier.get(self._path(task))
            if manifest is not None and (outcome is None or outcome.result is not Result.SUCCEEDED):
                self._record_there(task, manifest)
            elif outcome is not None and (manifest is not None or outcome.result is not Result.SUCCEEDED):
                self._recorded[task.key] = outcome
            else:
                to_do.append(task)
        return to_do

    def record(
        self, task: Task, result: Result, *, reason: str = "", detail: str = "", audio_seconds: float = 0.0
    ) -> None:
        """Record what became of a video."""
        outcome = Outcome(
            video_id=task.video.id,
            result=result,
            reason=reason,
            detail=told(detail)[:MAX_DETAIL],
            video_key=task.key,
            audio_seconds=audio_seconds,
            recorded_at=datetime.now(UTC),
        )
        self._store.write_record(self._path(task), outcome)
        self._recorded[task.key] = outcome
        self._metrics.count_video(result, reason)
        log.info("video id=%s result=%s reason=%s %s", task.video.id, result, reason or "-", outcome.detail)

    def give_up(self, task: Task, result: Result, reason: str, detail: str) -> None:
        """Record that a video is skipped or has failed, unless another process has made it meanwhile."""
        manifest = self._store.read_record(layout.manifest(task.key), VideoManifest)
        if manifest is not None:
            self._record_there(task, manifest)
        else:
            self.record(task, result, reason=reason, detail=detail)

    @property
    def missing(self) -> list[Task]:
        """Tasks without a recorded outcome."""
        return [task for task in self._tasks if task.key not in self._recorded]

    def summary(self, memory: MemoryReport | None = None) -> ShardSummary:
        """Return the totals of the shard since its first attempt."""
        results = [outcome.result for outcome in self._recorded.values()]
        return ShardSummary(
            shard=self._shard,
            total=len(self._tasks),
            succeeded=results.count(Result.SUCCEEDED),
            failed=results.count(Result.FAILED),
            skipped=results.count(Result.SKIPPED),
            audio_seconds=round(sum(outcome.audio_seconds for outcome in self._recorded.values())),
            oom_events=self._metrics.oom_events,
            memory=memory,
        )

    def _record_there(self, task: Task, manifest: VideoManifest) -> None:
        self.record(task, Result.SUCCEEDED, audio_seconds=manifest.audio_seconds, detail="already there")

    def _path(self, task: Task) -> str:
        return layout.outcome(self._run_uid, task.key)
