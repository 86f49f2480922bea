"""Records in the output: the list of videos, outcomes, and manifests."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from ingestion_contract.base import ApiModel, Reason
from ingestion_contract.metrics import Result


class Record(ApiModel):
    """A record; fields of a newer version are passed over."""

    model_config = ConfigDict(extra="ignore")


class Video(Record):
    """One line of the list."""

    id: str = Field(min_length=1, description="The source's id of the video, with the extractor: `youtube:abc`.")
    url: str
    title: str = ""
    duration_seconds: float | None = Field(None, ge=0)


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


class VideoManifest(Record):
    """The proof that a video is there: what was made, from what, by what."""

    schema_version: int = 1
    video: Video
    key: str
    transcript_source: str = Field(description="`captions` or `asr`.")
    language: str
    asr_model: str | None = None
    asr_compute_type: str | None = None
    embed_model: str
    embed_compute_type: str
    dimension: int
    audio_seconds: float
    segments: int
    chunks: int
    files: list[StoredFile]
    created_at: datetime
