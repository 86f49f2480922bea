"""Termination messages: what a container says at its end. A hint for speed; the truth is in the output."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from ingestion_contract.base import ApiModel, Reason
from ingestion_contract.metrics import Stage

MAX_BYTES = 4096
MAX_DETAIL = 1024

MAX_COUNT = 2**48
"""More than any number of videos, seconds or bytes; sums of such still fit into the 64 bits of the Kubernetes API."""

Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]


class SummaryModel(ApiModel):
    """A part of a summary; fields of a newer version are passed over."""

    model_config = ConfigDict(extra="ignore")


class MemoryReport(SummaryModel):
    """Where device memory ran out, in bytes."""

    gpu_uuid: str = Field(max_length=128)
    stage: Stage
    total_bytes: Count
    used_bytes: Count
    own_bytes: Count
    floor_bytes: Count | None = Field(None, description="Not set where it was never measured.")


class DiscoverSummary(SummaryModel):
    """The list was written."""

    version: Literal[1] = 1
    kind: Literal["discover"] = "discover"
    count: Count
    shards: Count
    digest: str = Field(max_length=128)


class ShardSummary(SummaryModel):
    """Totals of a shard since its first attempt; `oom_events` are this process's."""

    version: Literal[1] = 1
    kind: Literal["shard"] = "shard"
    shard: Count
    total: Count
    succeeded: Count
    failed: Count
    skipped: Count
    audio_seconds: Count = 0
    oom_events: Count = 0
    memory: MemoryReport | None = None


class FinishSummary(SummaryModel):
    """What the output holds, counted video by video."""

    version: Literal[1] = 1
    kind: Literal["finish"] = "finish"
    total: Count
    succeeded: Count
    failed: Count
    skipped: Count
    reasons: dict[Reason, Count] = Field({}, max_length=32, description="Failed and skipped videos by reason.")
    audio_seconds: Count = 0


class ErrorSummary(SummaryModel):
    """The step could not do its work."""

    version: Literal[1] = 1
    kind: Literal["error"] = "error"
    reason: Reason
    detail: str = Field(max_length=MAX_DETAIL, description="One sentence for a person.")


Summary = DiscoverSummary | ShardSummary | FinishSummary | ErrorSummary

_ADAPTER: TypeAdapter[Summary] = TypeAdapter(Annotated[Summary, Field(discriminator="kind")])


def encode_summary(summary: Summary) -> str:
    """Return the termination message of a summary, in at most 4096 bytes.

    Raises:
        ValueError: the summary does not fit, which the bounds of its fields are there to prevent.
    """
    text = summary.model_dump_json(by_alias=True, exclude_none=True)
    if len(text.encode()) > MAX_BYTES:
        raise ValueError(f"the {summary.kind} summary has {len(text.encode())} bytes, more than {MAX_BYTES}")
    return text


def decode_summary(text: str | None) -> Summary | None:
    """Read a termination message; None for anything that is not a summary, since a worker's words are not trusted."""
    if not text or len(text.encode(errors="replace")) > MAX_BYTES:
        return None
    try:
        return _ADAPTER.validate_json(text, by_alias=True, by_name=False)
    except ValidationError:
        return None
