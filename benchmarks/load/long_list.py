"""A list of many videos in the worker's hands: discovered from a folder of files, and counted at the end.

`python -m benchmarks.load.long_list STEP MEDIA OUTPUT ANSWER` is one step, in a process whose memory is then known.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from benchmarks.reaction.scene import REPOSITORY
from ingestion_contract import identity, layout
from ingestion_contract.metrics import Result, Stage, WorkerState
from ingestion_contract.records import (
    Outcome,
    StoredFile,
    Timeline,
    TimelineSample,
    TranscriptManifest,
    Video,
    VideoManifest,
)
from ingestion_contract.spec import IngestionRun, parse_run
from ingestion_contract.summary import DiscoverSummary, FinishSummary, encode_summary
from ingestion_worker.output import video_list
from ingestion_worker.output.keys import transcript_key, video_key
from ingestion_worker.output.store import Store
from ingestion_worker.source.addresses import AddressRules
from ingestion_worker.steps.discover import discover
from ingestion_worker.steps.finish import finish

_UID = "long-list"
_NOW = datetime(2026, 11, 30, tzinfo=UTC)
_SKIPPED_EVERY = 100
_LIMIT_SECONDS = 3600.0
_KIB = 2**10
_GIB = 2**30

_SHARD_SECONDS = 600.0
_SAMPLES = 60
"""Of a shard's timeline."""

_WORKERS = 8
"""At work at a time, each on a device of its own."""


class StepFailed(RuntimeError):
    """A step did not do its work; the message ends with what it said."""


class Task(StrEnum):
    """What a process does: a step of the worker, or what its workers would have left before the last step."""

    DISCOVER = "discover"
    WORK = "work"
    FINISH = "finish"


@dataclass(frozen=True)
class StepCost:
    """What a step took.

    Attributes:
        resident_bytes: of memory, at the most, that of the process which reads the source counted in.
        summary_bytes: of its termination message.
    """

    seconds: float
    resident_bytes: int
    summary_bytes: int
    videos: int
    shards: int


@dataclass(frozen=True)
class LongList:
    """What the steps took; `short` is a discovery of one video, most of which is Python and its libraries."""

    short: StepCost
    discover: StepCost
    finish: StepCost


def measure(videos: int, folder: Path) -> LongList:
    """Let the worker list so many files, and count a run in which all were done and a hundredth was skipped.

    Raises:
        StepFailed: it could not.
    """
    one, many = folder / "one", folder / "many"
    _touch(one, 1)
    _touch(many, videos)
    short = _measured(Task.DISCOVER, one, folder / "short")
    long = _measured(Task.DISCOVER, many, folder / "long")
    _measured(Task.WORK, many, folder / "long")
    return LongList(short, long, _measured(Task.FINISH, many, folder / "long"))


def _touch(folder: Path, files: int) -> None:
    folder.mkdir(parents=True)
    for number in range(files):
        (folder / f"video-{number:06}.opus").touch()


def _measured(task: Task, media: Path, output: Path) -> StepCost:
    answer = output.with_suffix(".json")
    command = [sys.executable, "-m", "benchmarks.load.long_list", task, str(media), str(output), str(answer)]
    path = os.pathsep.join(filter(None, (str(REPOSITORY), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=_LIMIT_SECONDS,
        check=False,
    )
    if done.returncode:
        raise StepFailed(f"{task} of {media} ended with {done.returncode}: {done.stderr[-2000:]}")
    return StepCost(**json.loads(answer.read_text()))


def _run(media: Path) -> IngestionRun:
    return parse_run(
        {
            "apiVersion": identity.API_VERSION,
            "kind": identity.KIND,
            "metadata": {"name": "long-list", "namespace": "default", "uid": _UID},
            "spec": {
                "source": {"urls": [f"file://{media}"]},
                "output": {"uri": "s3://stand-in/long-list", "index": {"type": "None"}},
            },
        }
    )


def _leave_work(run: IngestionRun, store: Store) -> None:
    """Write what workers would: of each video an outcome, and manifests if it is there; of each shard a timeline."""
    listed = video_list.read(store, _UID)
    assert listed is not None
    for number, video in enumerate(listed.videos):
        key = video_key(video, run.spec)
        skipped = number % _SKIPPED_EVERY == 0
        if not skipped:
            store.write_record(layout.transcript_manifest(transcript_key(video, run.spec)), _transcript(run, video))
            store.write_record(layout.manifest(key), _manifest(run, video, key))
        result, reason = (Result.SKIPPED, "Gone") if skipped else (Result.SUCCEEDED, "")
        outcome = Outcome(video_id=video.id, result=result, reason=reason, video_key=key, recorded_at=_NOW)
        store.write_record(layout.outcome(_UID, key), outcome)
    for shard in range(len(listed.shards)):
        store.write_record(layout.timeline(_UID, shard, "0"), _timeline(shard))


def _timeline(shard: int) -> Timeline:
    """An attempt of ten minutes, of which so many at a time followed each other."""
    begun = _NOW + timedelta(seconds=_SHARD_SECONDS * (shard // _WORKERS))
    samples = [_sample(begun, _SHARD_SECONDS * at / _SAMPLES) for at in range(_SAMPLES)]
    return Timeline(shard=shard, device="stand-in", gpu_uuid=f"GPU-{shard % _WORKERS}", simulated=True, samples=samples)


def _sample(begun: datetime, seconds: float) -> TimelineSample:
    return TimelineSample(
        at=begun + timedelta(seconds=seconds),
        state=WorkerState.WORKING,
        videos=round(seconds),
        audio_seconds=40 * seconds,
        oom_events=0,
        batch=16,
        batch_ceiling=32,
        own_bytes=8 * _GIB,
        used_bytes=9 * _GIB,
        total_bytes=24 * _GIB,
        stage_seconds=dict.fromkeys(Stage, seconds / 2),
        waiting=dict.fromkeys(Stage, 1),
    )


def _transcript(run: IngestionRun, video: Video) -> TranscriptManifest:
    key = transcript_key(video, run.spec)
    files = [StoredFile(path=f"transcripts/{key}/0/{name}", bytes=4711, sha256="0" * 64) for name in ("jsonl", "vtt")]
    return TranscriptManifest(
        key=key,
        video=video,
        source="asr",
        language="en",
        asr_model="stand-in",
        audio_seconds=600.0,
        segments=90,
        files=files,
        created_at=_NOW,
    )


def _manifest(run: IngestionRun, video: Video, key: str) -> VideoManifest:
    files = [StoredFile(path=f"videos/{key}/0/{name}", bytes=4711, sha256="0" * 64) for name in ("chunks", "vectors")]
    return VideoManifest(
        key=key,
        video=video,
        transcript_key=transcript_key(video, run.spec),
        embed_model="stand-in",
        embed_compute_type="float32",
        dimension=384,
        audio_seconds=600.0,
        chunks=12,
        files=files,
        created_at=_NOW,
    )


def _take(work: Callable[[], DiscoverSummary | FinishSummary]) -> StepCost:
    started = time.monotonic()
    summary = work()
    seconds = time.monotonic() - started
    resident = _resident(resource.RUSAGE_SELF)
    size = len(encode_summary(summary).encode())
    if isinstance(summary, DiscoverSummary):
        resident += _resident(resource.RUSAGE_CHILDREN)
        return StepCost(seconds, resident, size, summary.count, summary.shards)
    return StepCost(seconds, resident, size, summary.total, 0)


def _resident(who: int) -> int:
    return resource.getrusage(who).ru_maxrss * _KIB


def _main() -> None:
    task, media, output, answer = Task(sys.argv[1]), *map(Path, sys.argv[2:])
    run, store = _run(media), Store(str(output))

    def step() -> DiscoverSummary | FinishSummary:
        if task is Task.FINISH:
            summary = finish(run, store).summary
        else:
            summary = discover(run, store, None, AddressRules(folders=(media,))).summary
        if task is Task.WORK:
            _leave_work(run, store)
        assert isinstance(summary, DiscoverSummary | FinishSummary)
        return summary

    answer.write_text(json.dumps(asdict(_take(step))))


if __name__ == "__main__":
    _main()
