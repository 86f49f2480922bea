"""An output with the records of a run, as realistic as a test needs it."""

from __future__ import annotations

import hashlib
import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from ingestion_contract import layout
from ingestion_contract.metrics import Result, Stage, WorkerState
from ingestion_contract.records import (
    Outcome,
    RunRecord,
    Timeline,
    TimelineSample,
    TranscriptManifest,
    Video,
    VideoManifest,
)
from ingestion_contract.summary import FinishSummary
from ingestion_worker.output import video_list
from ingestion_worker.output.store import Store

GIB = 2**30
BEGUN = datetime(2026, 3, 14, 9, 26, tzinfo=UTC)
UID = "local-0123456789ab-1"


def sample_at(second: float, **fields: object) -> TimelineSample:
    """A sample, so many seconds after the beginning."""
    base: dict[str, object] = {
        "at": BEGUN + timedelta(seconds=second),
        "state": WorkerState.WORKING,
        "videos": 0,
        "audio_seconds": 0.0,
        "oom_events": 0,
        "batch": 8,
        "batch_ceiling": 16,
        "stage_seconds": {},
        "waiting": {},
    }
    return TimelineSample.model_validate(base | fields)


def timeline(shard: int, samples: list[TimelineSample], **fields: object) -> Timeline:
    """One attempt at a shard."""
    base = {"shard": shard, "device": "NVIDIA H100 80GB", "gpu_uuid": "GPU-1", "simulated": False, "samples": samples}
    return Timeline.model_validate(base | fields)


@dataclass
class SampleRun:
    """Writes a run's records below an output."""

    store: Store
    uid: str = UID
    name: str = "talks"
    spec: JsonValue = None

    def begin(self, videos: list[Video]) -> None:
        record = RunRecord(name=self.name, namespace="default", uid=self.uid, created_at=BEGUN, spec=self.spec)
        self.store.write_record(layout.run_record(self.uid), record)
        video_list.write_once(self.store, self.uid, videos, [range(len(videos))])

    def record(self, video: Video, result: Result, reason: str = "", detail: str = "", seconds: float = 0.0) -> None:
        key = _key(video)
        outcome = Outcome(
            video_id=video.id,
            result=result,
            reason=reason,
            detail=detail,
            video_key=key,
            audio_seconds=seconds,
            recorded_at=BEGUN,
        )
        self.store.write_record(layout.outcome(self.uid, key), outcome)

    def make(self, video: Video, source: str, seconds: float) -> None:
        """A video that is there."""
        self.record(video, Result.SUCCEEDED, seconds=seconds)
        key = _key(video)
        transcript = TranscriptManifest(
            key=f"t-{key}",
            video=video,
            source=source,
            language="en",
            asr_model="distil-large-v3" if source == "asr" else None,
            asr_revision="c3058b475261292e64a0412df1d2681c06260fab" if source == "asr" else None,
            asr_compute_type="float16" if source == "asr" else None,
            audio_seconds=seconds,
            segments=10,
            files=[],
            created_at=BEGUN,
        )
        self.store.write_record(layout.transcript_manifest(transcript.key), transcript)
        manifest = VideoManifest(
            key=key,
            video=video,
            transcript_key=transcript.key,
            embed_model="Alibaba-NLP/gte-Qwen2-1.5B-instruct",
            embed_revision="a7d68f1e8c4b5d6e7f80",
            embed_compute_type="bfloat16",
            dimension=1536,
            audio_seconds=seconds,
            chunks=12,
            files=[],
            created_at=BEGUN,
        )
        self.store.write_record(layout.manifest(key), manifest)

    def finish(self, **counts: object) -> None:
        self.store.write_record(layout.result(self.uid), FinishSummary.model_validate(counts))

    def add(self, one: Timeline, attempt: str) -> None:
        self.store.write_record(layout.timeline(self.uid, one.shard, attempt), one)


def incident(store: Store, videos: int = 200, spec: JsonValue = None) -> SampleRun:
    """The founding incident, survived: four workers, two that fit, a night in between."""
    chance = random.Random(7)
    run = SampleRun(store, spec=spec)
    listed = [
        Video(
            id=f"youtube:v{number}",
            url=f"https://www.youtube.com/watch?v=v{number}",
            title=f"Talk {number}: {chance.choice(_TOPICS)}",
            duration_seconds=chance.lognormvariate(7.2, 0.6),
        )
        for number in range(videos)
    ]
    run.begin(listed)
    for number, video in enumerate(listed):
        seconds = video.duration_seconds or 0.0
        if number in (13, 77, 140):
            run.record(video, Result.SKIPPED, "Removed", "This video has been removed by the uploader")
        elif number == 50:
            run.record(video, Result.SKIPPED, "MembersOnly", "Join this channel to get access to members-only content")
        elif number == 99:
            run.record(
                video, Result.FAILED, "Corrupt", "moov atom not found after 1,048,576 bytes; the file is cut off"
            )
        else:
            run.make(video, chance.choice(["asr", "asr", "manual_captions", "automatic_captions"]), seconds)
    run.finish(
        total=videos,
        succeeded=videos - 5,
        failed=1,
        skipped=4,
        reasons={"Removed": 3, "MembersOnly": 1, "Corrupt": 1},
        audio_seconds=round(sum(video.duration_seconds or 0 for video in listed)),
    )
    spans = [(0, 0, 1500), (1, 20, 1540), (2, 25, 160), (3, 28, 95), (2, 40_000, 41_200), (3, 40_010, 41_100)]
    for number, (shard, start, end) in enumerate(spans):
        run.add(
            timeline(shard, _attempt(chance, start, end, number), stage_threads={"fetch": 4, "decode": 2}), f"a{number}"
        )
    return run


def _attempt(chance: random.Random, start: int, end: int, number: int) -> list[TimelineSample]:
    samples, audio, oom = [], 0.0, 0
    short = end - start < 300
    for second in range(start, end, 2):
        age = second - start
        starting, waits = age < 24, short and age >= 40
        crowd = 4 if second < 95 else 3 if second < 160 else 2
        oom += number in (2, 3) and age in (26, 40)
        oom += number == 0 and age == 700
        own = (
            0.4
            if waits
            else min(8.6, 1.0 + age / 3)
            if starting
            else 8.6 + min(0.8, age / 600) + chance.uniform(-0.1, 0.1)
        )
        audio += 0 if starting or waits else chance.uniform(40, 60)
        state = WorkerState.STARTING if starting else WorkerState.WAITING_FOR_MEMORY if waits else WorkerState.WORKING
        if state is WorkerState.WORKING and chance.random() < 0.04:
            state = WorkerState.WAITING_FOR_SOURCE
        samples.append(
            sample_at(
                second,
                state=state,
                audio_seconds=audio,
                oom_events=oom,
                batch=0 if starting else 8 if age < 700 else 4 if age < 760 else 12,
                batch_ceiling=0 if starting else 16 if age < 700 else 4 if age < 760 else 14,
                own_bytes=int(own * GIB),
                used_bytes=int(
                    min(23.9, own * min(crowd, 2) + (5.9 if crowd == 4 else 2.2 if crowd == 3 else 0.2)) * GIB
                ),
                total_bytes=24 * GIB,
                utilisation_percent=0.0 if starting or waits else 82 + 10 * math.sin(age / 40),
                stage_seconds={
                    Stage.FETCH: age * 1.3,
                    Stage.DECODE: age * 0.9,
                    Stage.ASR: age * 0.82,
                    Stage.EMBED: age * 0.09,
                    Stage.COMMIT: age * 0.03,
                },
                waiting={Stage.ASR: 24, Stage.DECODE: 2, Stage.EMBED: 1},
            )
        )
    return samples


_TOPICS = ["Reliable queues", "What a GPU waits for", "Transcripts at scale", "Garbage collectors", "A tour of kernels"]


def _key(video: Video) -> str:
    return hashlib.sha256(video.id.encode()).hexdigest()[:32]
