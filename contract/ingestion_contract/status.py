"""`status` of an IngestionRun: what the operator writes. Percent and seconds are integers; there is no `phase`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from ingestion_contract.base import ApiModel
from ingestion_contract.limits import MAX_DEVICE_BUDGETS

MAX_ADAPTATIONS = 20
MAX_REASONS = 32
MAX_FLOORS = 8

Count = Annotated[int, Field(ge=0)]
Message = Annotated[str, Field(max_length=32_768)]


class StatusModel(ApiModel):
    """A part of the status; fields that a newer operator wrote are passed over."""

    model_config = ConfigDict(extra="ignore")


class ConditionType(StrEnum):
    """Conditions of a run. Ready, Reconciling and Stalled follow kstatus."""

    READY = "Ready"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    COMPLETE = "Complete"
    FAILED = "Failed"
    MEMORY_PRESSURE = "MemoryPressure"
    TELEMETRY_AVAILABLE = "TelemetryAvailable"
    SOURCE_BLOCKED = "SourceBlocked"
    OBJECTIVES_MET = "ObjectivesMet"


class ConditionStatus(StrEnum):
    """Truth of a condition."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(StatusModel):
    """One condition, as in metav1.Condition."""

    type: ConditionType
    status: ConditionStatus
    reason: str = Field(min_length=1, max_length=1024)
    message: Message = ""
    last_transition_time: datetime
    observed_generation: Count = 0


class Videos(StatusModel):
    """How far the run is. Succeeded + failed + skipped = done; a skipped video does not exist or may not be read."""

    total: Count = 0
    succeeded: Count = 0
    failed: Count = 0
    skipped: Count = 0
    success_percent: int | None = Field(None, ge=0, le=100, description="Succeeded of those done and not skipped.")
    reasons: dict[str, Count] = Field({}, max_length=MAX_REASONS, description="Failed and skipped videos by reason.")


class VideoList(StatusModel):
    """The list that discovery wrote; it never changes afterwards."""

    count: Count
    shards: Count
    digest: str = Field(description="sha256 of videos.jsonl, in hex.")


class WorkersStatus(StatusModel):
    """The parallelism lever, and what limits it."""

    parallelism: Count = Field(description="Worker pods that the operator wants now.")
    ceiling: Count | None = Field(None, description="Not exceeded before it expires: memory ran out above it.")
    ceiling_expires_at: datetime | None = None
    ceiling_hold_seconds: Count | None = Field(
        None, description="How long the ceiling holds; doubled when an increase had to be taken back."
    )
    ceiling_neighbour_bytes: Count = Field(0, description="What others held of the devices when the ceiling was set.")
    changed_at: datetime | None = Field(None, description="When parallelism was last changed.")
    budget_percent: Count = Field(
        100, description="Of its part of the target, what each worker may use; less while the device is too full."
    )
    budget_changed_at: datetime | None = Field(None, description="When budgetPercent was last changed.")
    limits_revision: Count = 0
    limits_changed_at: datetime | None = Field(None, description="When the workers' limits were last changed.")
    videos_per_hour: Count | None = Field(None, description="Each worker's share of spec.source.videosPerHour.")
    reason: str = Field("", description="Why parallelism is what it is.")


class MeasuredFloor(StatusModel):
    """What one worker measured that it needs at the least."""

    pod: str = Field(max_length=64, description="Its uid.")
    bytes: Count


class MemoryStatus(StatusModel):
    """Device memory as the workers report it; the fullest device where there are several."""

    used_percent: int | None = Field(None, ge=0, le=100)
    oom_total: Count = Field(0, description="Out-of-memory events in the workers since the run began.")
    oom_by_pod: dict[str, Count] = Field(
        {}, max_length=1000, description="The part of oomTotal that came from pods that are there now, by pod uid."
    )
    floor_bytes: Count | None = Field(None, description="What one worker needs at the least, measured.")
    floors: list[MeasuredFloor] = Field(
        [], max_length=MAX_FLOORS, description="The last measurements that this is the median of, newest last."
    )
    device_bytes: Count | None = Field(None, description="Size of the device.")
    devices: Count = Field(0, description="On so many devices workers were heard at once, at the most.")
    shared: bool = Field(False, description="Whether workers were seen to share a device.")
    budget_bytes: Count | None = Field(None, description="What each worker may use now of a device.")
    device_budgets: dict[str, Count] = Field(
        {},
        max_length=MAX_DEVICE_BUDGETS,
        description="The same of devices that hold another amount for each worker than most, by the device's UUID.",
    )
    last_oom_at: datetime | None = None
    pressed_since: datetime | None = Field(None, description="Since when a shared device has been too full.")


class SourceStatus(StatusModel):
    """The pause of a run whose source blocks its address. While the source answers, at most `changedAt` is set."""

    changed_at: datetime | None = Field(
        None, description="When the last pause, probe or return began: what was blocked before has been answered."
    )
    blocked_until: datetime | None = Field(None, description="When one worker tries the source again.")
    pause_seconds: Count | None = Field(None, description="Length of the pause; doubled when the probe is blocked too.")
    resume_parallelism: Count | None = Field(None, description="Worker pods that are wanted again after the pause.")


class TrialStatus(StatusModel):
    """Fewer workers for the sake of speed or economy are tried, and kept only if they prove it."""

    from_: Count | None = Field(
        None, alias="from", description="Worker pods before the trial; none while there is none."
    )
    least_rate: Count = Field(0, description="Audio-seconds per hour that the trial must reach.")
    hold_seconds: Count | None = Field(None, description="How long its outcome holds; twice as long each time.")
    holds_until: datetime | None = Field(None, description="Until when its outcome holds, with the same neighbours.")
    neighbour_bytes: Count = Field(0, description="What others held of the workers' devices then; see holdsUntil.")
    useful: Count | None = Field(None, description="Not exceeded while that holds: more workers were no faster.")
    too_few: Count | None = Field(None, description="Not tried again while that holds: so few workers were slower.")
    source_limits_each_until: datetime | None = Field(
        None, description="Until when no worker is given back for want of work: fewer have fetched less in proportion."
    )


class ActiveTime(StatusModel):
    """How long the run has been active: not suspended, not in a queue, and not paused by a source that blocks it."""

    seconds: Count = Field(0, description="Until `since`.")
    since: datetime | None = Field(None, description="Since when it is active; none while it is not.")


class Throughput(StatusModel):
    """Decimal numbers, as text because the API has no floats."""

    audio_hours_per_hour: str | None = Field(None, max_length=32)


class Adaptation(StatusModel):
    """One change of a lever, and why."""

    time: datetime
    lever: str
    from_: Count = Field(alias="from")
    to: Count
    reason: str
    message: Message


class IngestionRunStatus(StatusModel):
    """What the operator knows of a run, and its memory across restarts."""

    observed_generation: Count = 0
    conditions: list[Condition] = Field(
        [], json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
    )
    start_time: datetime | None = None
    completion_time: datetime | None = Field(None, description="The only mark of the end.")
    progress: str = Field("", description='Done of total, as in "120/200".')
    videos: Videos = Videos()
    video_list: VideoList | None = None
    workers: WorkersStatus | None = None
    memory: MemoryStatus = MemoryStatus()
    source: SourceStatus = SourceStatus()
    trial: TrialStatus = TrialStatus()
    active: ActiveTime = ActiveTime()
    throughput: Throughput = Throughput()
    adaptations: list[Adaptation] = Field([], max_length=MAX_ADAPTATIONS, description="The last changes, oldest first.")
