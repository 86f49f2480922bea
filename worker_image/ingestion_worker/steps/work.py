"""The main step of a run: ingests the videos of one shard."""

from __future__ import annotations

import logging
from pathlib import Path
from tempfile import TemporaryDirectory

from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.spec import IngestionRun
from ingestion_worker.conclusion import (
    Conclusion,
    ConfigurationError,
    MemoryExhausted,
    SourceBlocked,
    Stopped,
)
from ingestion_worker.models import libraries
from ingestion_worker.output import video_list
from ingestion_worker.output.keys import transcript_key, video_key
from ingestion_worker.output.outcomes import Outcomes, Task
from ingestion_worker.output.store import Store
from ingestion_worker.pipeline.setting import Setting
from ingestion_worker.pipeline.shard import Shard
from ingestion_worker.pipeline.timeline import TimelineRecorder

log = logging.getLogger(__name__)


def work(run: IngestionRun, store: Store, shard: int, setting: Setting) -> Conclusion:
    """Ingest the videos of a shard that are not there yet.

    Returns:
        exit code 0 only if every video of the shard has a recorded outcome; else the code that says why not, with the
        totals so far.

    Raises:
        StepError: this node or this configuration does not work.
    """
    libraries.prepare(setting.threads)
    tasks = _tasks(run, store, shard)
    outcomes = Outcomes(store, run.metadata.uid, shard, tasks, setting.metrics)
    to_do = outcomes.take_over()
    log.info("videos=%d to_do=%d device=%s", len(tasks), len(to_do), setting.device.name)
    try:
        if to_do:
            with TimelineRecorder(store, run.metadata.uid, shard, setting.metrics, setting.device):
                _ingest(run, store, outcomes, setting, to_do)
    except (Stopped, SourceBlocked, MemoryExhausted) as end:
        if outcomes.missing:
            log.warning("%s", end)
            report = end.report if isinstance(end, MemoryExhausted) else None
            return Conclusion(end.code, outcomes.summary(report))
    if outcomes.missing:
        raise RuntimeError(f"the loop ended without an outcome for {[task.video.id for task in outcomes.missing]}")
    return Conclusion(ExitCode.DONE, outcomes.summary())


def _ingest(run: IngestionRun, store: Store, outcomes: Outcomes, setting: Setting, tasks: list[Task]) -> None:
    with TemporaryDirectory(dir=setting.scratch, prefix="ingest-", ignore_cleanup_errors=True) as scratch:
        Shard(run, store, outcomes, setting, Path(scratch)).ingest(tasks)


def _tasks(run: IngestionRun, store: Store, shard: int) -> list[Task]:
    listed = video_list.read(store, run.metadata.uid)
    if listed is None:
        raise ConfigurationError(
            f"{store.uri} holds no list of the run {run.metadata.uid}: run `ingest discover` first"
        )
    if not 0 <= shard < len(listed.shards):
        raise ConfigurationError(f"there is no shard {shard}: the run has {len(listed.shards)} shards, from 0")
    videos = [listed.videos[position] for position in listed.shards[shard]]
    return [Task(video, transcript_key(video, run.spec), video_key(video, run.spec)) for video in videos]
