"""Records in the output: the list of videos, outcomes, and manifests."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import ConfigDict, Field, JsonValue

from ingestion_contract.base import ApiModel, Reason
from ingestion_contract.metrics import Result, Stage, WorkerState
from ingestion_contract.redaction import redacted


class Record(ApiModel):
    """A record; fields of a newer version are passed over."""

    model_config = ConfigDict(extra="ignore")


class Video(Record):
    """One line of the list."""

    id: str = Field(min_length=1, description="The source's id of the video, with the extractor: `youtube:abc`.")
    url: str
    title: str = ""
    duration_seconds: float | None = Field(None, ge=0)
    version: str = Field(
        "", description="What changes with the content, where the source says: an etag, or size and time of a file."
    )

    def redacted(self) -> Self:
        """Return the video as it may be shown and kept: its address without what is secret in it."""
        return self.model_copy(update={"url": redacted(self.url)})


class RunRecord(Record):
    """Which run a folder of records belongs to, and what it was last asked for; written before the list."""

    name: str
    namespace: str
    uid: str
    created_at: datetime
    spec: JsonValue = Field(
        None, description="The IngestionRun's, as it was written: one of another version may not parse any more."
    )


class ShardCut(Record):
    """The cut of a list into shards; written after the list, it makes the list exist."""

    list_sha256: str = Field(description="Of the list's file, in hex: a cut of another list is none.")
    shards: list[list[int]] = Field(description="Per shard, positions in the list, from 0.")


class Outcome(Record):
    """What became of a video in a run."""

    video_id: str
    result: Result
    reason: Reason | Literal[""] = Field("", description="Empty where it succeeded.")
    detail: str = ""
    video_key: str
    audio_seconds: float = 0.0
    recorded_at: datetime


class StoredFile(Record):
    """A file that a manifest vouches for."""

    path: str = Field(description="Relative to the output's root.")
    bytes: int = Field(ge=0)
    sha256: str


class Word(Record):
    """A spoken word, in seconds from the beginning of the video."""

    start: float
    end: float
    text: str


class Segment(Record):
    """A stretch of speech, in seconds from the beginning of the video."""

    start: float
    end: float
    text: str
    words: list[Word] = Field([], description="Empty where word times were not asked for, and for captions.")
    confidence: float | None = Field(
        None, description="Mean log probability of the model's tokens, at most 0; not set for captions."
    )


class Checkpoint(Record):
    """What was heard in one section of a long video: so much is not done again after a kill."""

    section: int = Field(ge=0, description="From 0.")
    start: float = Field(ge=0, description="Where the section begins, in seconds.")
    end: float = Field(ge=0, description="Where the next one begins.")
    language: str
    segments: list[Segment]


class TranscriptManifest(Record):
    """The proof that a transcript is there: of what, from where, by what. Its files: JSON Lines and WebVTT."""

    schema_version: int = 2
    key: str
    video: Video
    source: str = Field(description="`manual_captions`, `automatic_captions` or `asr`.")
    language: str
    asr_model: str | None = Field(None, description="Not set for captions.")
    asr_revision: str | None = Field(None, description="The hub's commit; not set for a model from a folder.")
    asr_compute_type: str | None = None
    audio_seconds: float
    segments: int
    files: list[StoredFile]
    created_at: datetime


class VideoManifest(Record):
    """The proof that a video is there: its chunks and vectors, and the transcript they are made from."""

    schema_version: int = 2
    key: str
    video: Video
    transcript_key: str
    embed_model: str
    embed_revision: str | None = Field(None, description="The hub's commit; not set for a model from a folder.")
    embed_compute_type: str
    dimension: int
    audio_seconds: float
    chunks: int
    files: list[StoredFile]
    created_at: datetime


class TimelineSample(Record):
    """What a worker measured at one moment. Counts are since the attempt's start."""

    at: datetime
    state: WorkerState
    videos: int
    audio_seconds: float
    oom_events: int
    batch: int
    batch_ceiling: int
    own_bytes: int = 0
    used_bytes: int = 0
    total_bytes: int = Field(0, description="0 without a device whose memory is governed.")
    utilisation_percent: float | None = None
    stage_seconds: dict[Stage, float] = Field(description="Busy time of each stage, summed over its threads.")
    waiting: dict[Stage, int] = Field(description="Items that wait in front of each stage.")


class Timeline(Record):
    """One attempt at a shard: for the report."""

    shard: int
    device: str
    gpu_uuid: str
    simulated: bool
    floor_bytes: int = 0
    stage_threads: dict[Stage, int] = Field({}, description="1 where nothing is said.")
    limiting_stage: Stage | None = Field(None, description="The stage that the others waited for.")
    samples: list[TimelineSample]
