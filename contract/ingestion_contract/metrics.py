"""Names of the worker's Prometheus metrics. Base units; never a video id or a URL as a label.

The line below a name has its type, its labels and its meaning; docs/metrics.md is made from them.
"""

from __future__ import annotations

from enum import StrEnum

PORT = 9090
PATH = "/metrics"
READY_PATH = "/ready"

VIDEOS = "ingestion_videos_total"
"""Counter {result, reason}: videos with a recorded outcome, by this process."""
OOM_EVENTS = "ingestion_oom_events_total"
"""Counter {stage, kind}: device out-of-memory errors; kind is `load` or `batch`."""
AUDIO_SECONDS = "ingestion_audio_seconds_total"
"""Counter: seconds of audio that were transcribed."""
STAGE_SECONDS = "ingestion_stage_duration_seconds"
"""Histogram {stage}: wall time of a stage, per video or per batch."""
BATCH_SIZE = "ingestion_batch_size"
"""Gauge: windows in the latest batch."""
BATCH_CEILING = "ingestion_batch_ceiling"
"""Gauge: the largest batch that the governor allows now."""
WORKER_STATE = "ingestion_worker_state"
"""Gauge {state}: 1 for the state the worker is in, 0 for the others."""
OWN_MEMORY = "ingestion_memory_own_bytes"
"""Gauge: device memory of this process."""
FLOOR_MEMORY = "ingestion_memory_floor_bytes"
"""Gauge: models and a batch of one, measured; 0 until it has been."""
WINDOW_MEMORY = "ingestion_memory_window_bytes"
"""Gauge: what each further window of a batch adds, measured; 0 until it has been."""
BATCH_OVERHEAD = "ingestion_batch_overhead_windows"
"""Gauge: time of a batch whatever its size, as the number of windows that would take as long; 0 until known."""
DEVICE_MEMORY_USED = "ingestion_device_memory_used_bytes"
"""Gauge {gpu_uuid}: of the whole device, by all processes."""
DEVICE_MEMORY_TOTAL = "ingestion_device_memory_total_bytes"
"""Gauge {gpu_uuid}: size of the whole device."""
GPU_UTILISATION = "ingestion_gpu_utilisation_ratio"
"""Gauge {gpu_uuid}: share of the last seconds in which the device was busy, 0 to 1."""
WINDOWS_WAITING = "ingestion_windows_waiting"
"""Gauge: windows of audio that are ready for the device."""
STAGE_WAITING = "ingestion_stage_waiting_items"
"""Gauge {stage}: items that wait in front of a stage: videos, or windows of audio at `asr`."""
LIMITING_STAGE = "ingestion_limiting_stage"
"""Gauge {stage}: 1 for the stage that the others wait for, 0 for the others."""
LIMITS_REVISION = "ingestion_limits_revision"
"""Gauge: revision of the limits that the worker has applied."""


class Result(StrEnum):
    """Outcome of a video."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"


class Stage(StrEnum):
    """Stages of a video's way through the worker."""

    FETCH = "fetch"
    DECODE = "decode"
    ASR = "asr"
    EMBED = "embed"
    COMMIT = "commit"


class OomKind(StrEnum):
    """When memory ran out: while a model was loaded, or in a batch."""

    LOAD = "load"
    BATCH = "batch"


class WorkerState(StrEnum):
    """What a worker does now."""

    STARTING = "starting"
    WORKING = "working"
    WAITING_FOR_MEMORY = "waiting_for_memory"
    WAITING_FOR_SOURCE = "waiting_for_source"
    STOPPING = "stopping"
