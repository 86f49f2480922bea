"""The operator's metrics, each declared once. Base units; bounded labels; a run as a label only on gauges of runs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_RUN = ("namespace", "run")


class Kind(StrEnum):
    """Types of metrics."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True)
class MetricName:
    """A metric: its full name, its type, its meaning in one sentence, and its labels."""

    name: str
    kind: Kind
    meaning: str
    labels: tuple[str, ...] = ()


class ErrorKind(StrEnum):
    """Why a look at a run did not go through."""

    API_SERVER = "api_server"
    """The API server did not answer, or refused."""
    CONFLICT = "conflict"
    """The run, or something of it, had changed or gone meanwhile; it is read again at once."""
    INTERNAL = "internal"
    """A mistake of the operator's, or of what it was given to read; the log has it."""


class ScrapeResult(StrEnum):
    """How reading one worker's metrics ended."""

    SUCCESS = "success"
    FAILURE = "failure"


class RunState(StrEnum):
    """What a run does; it is in one state at a time."""

    PROGRESSING = "progressing"
    QUEUED = "queued"
    """Its Job is suspended, and not by the run's own `spec.suspend`: a queue has not admitted it."""
    SUSPENDED = "suspended"
    SOURCE_BLOCKED = "source_blocked"
    OOM_AT_MINIMUM = "oom_at_minimum"
    STALLED = "stalled"
    """It cannot go on unless something is changed, for another reason than memory."""
    COMPLETE = "complete"
    FAILED = "failed"
    UNREADABLE = "unreadable"
    """Its status is not of this release."""


RECONCILE_DURATION = MetricName(
    "ingestion_operator_reconcile_duration_seconds",
    Kind.HISTOGRAM,
    "Time that a look at a run takes, of those that went through.",
)
RECONCILE_ERRORS = MetricName(
    "ingestion_operator_reconcile_errors_total", Kind.COUNTER, "Looks at a run that did not go through.", ("kind",)
)
RECONCILE_LONGEST = MetricName(
    "ingestion_operator_reconcile_longest_running_seconds",
    Kind.GAUGE,
    "How long the longest of the looks that go on now has taken.",
)
DECISIONS = MetricName("ingestion_operator_decisions_total", Kind.COUNTER, "Changes of a lever.", ("lever", "reason"))
SCRAPES = MetricName("ingestion_operator_scrapes_total", Kind.COUNTER, "Readings of a worker's metrics.", ("result",))
RUNS = MetricName("ingestion_operator_runs", Kind.GAUGE, "Runs that there are.", ("state",))

RUN_STATE = MetricName(
    "ingestion_operator_run_state", Kind.GAUGE, "1 for the state that the run is in.", (*_RUN, "state")
)
RUN_COMPLETION = MetricName(
    "ingestion_operator_run_completion_timestamp_seconds", Kind.GAUGE, "When the run ended, if it has.", _RUN
)
RUN_VIDEOS_LISTED = MetricName("ingestion_operator_run_videos_listed", Kind.GAUGE, "Videos that discovery found.", _RUN)
RUN_VIDEOS = MetricName("ingestion_operator_run_videos", Kind.GAUGE, "Videos with an outcome.", (*_RUN, "result"))
RUN_SUCCESS = MetricName(
    "ingestion_operator_run_success_ratio",
    Kind.GAUGE,
    "Share of succeeded videos in those that are done and not skipped, 0 to 1; none before the first.",
    _RUN,
)
RUN_SUCCESS_OBJECTIVE = MetricName(
    "ingestion_operator_run_success_objective_ratio",
    Kind.GAUGE,
    "Share of succeeded videos that the run must reach, 0 to 1: spec.objectives.minSuccessPercent.",
    _RUN,
)
RUN_MEMORY_USED = MetricName(
    "ingestion_operator_run_device_memory_used_ratio",
    Kind.GAUGE,
    "Used share of the fullest of the workers' devices, by all processes, 0 to 1.",
    _RUN,
)
RUN_MEMORY_TARGET = MetricName(
    "ingestion_operator_run_device_memory_target_ratio",
    Kind.GAUGE,
    "Share of a device that is meant to be used, 0 to 1: spec.memory.targetPercent.",
    _RUN,
)
RUN_OOM_EVENTS = MetricName(
    "ingestion_operator_run_oom_events",
    Kind.GAUGE,
    "Device out-of-memory errors in the run's workers since it began, those that a smaller batch healed included.",
    _RUN,
)
RUN_GPU_UTILISATION = MetricName(
    "ingestion_operator_run_gpu_utilisation_ratio",
    Kind.GAUGE,
    "Busy share of the workers' devices, their mean, 0 to 1; none where they do not say.",
    _RUN,
)
RUN_WINDOWS_WAITING = MetricName(
    "ingestion_operator_run_windows_waiting", Kind.GAUGE, "Windows of audio that are ready for the devices.", _RUN
)
RUN_AUDIO = MetricName(
    "ingestion_operator_run_audio_seconds",
    Kind.GAUGE,
    "Audio that the workers that are there now have transcribed; it falls when one goes.",
    _RUN,
)
RUN_WORKERS_WANTED = MetricName(
    "ingestion_operator_run_workers_wanted", Kind.GAUGE, "Worker pods that the operator wants.", _RUN
)
RUN_WORKERS_RUNNING = MetricName(
    "ingestion_operator_run_workers_running", Kind.GAUGE, "Worker pods that run and are to stay.", _RUN
)
RUN_WORKERS_WAITING = MetricName(
    "ingestion_operator_run_workers_waiting", Kind.GAUGE, "Workers that wait for device memory at their floor.", _RUN
)
RUN_WORKERS_SILENT = MetricName(
    "ingestion_operator_run_workers_silent",
    Kind.GAUGE,
    "Workers that have run for a minute and do not answer on their metrics port.",
    _RUN,
)
RUN_WORKERS_CEILING = MetricName(
    "ingestion_operator_run_workers_ceiling",
    Kind.GAUGE,
    "Worker pods that are not exceeded for a while, since memory ran out above; none where nothing is learned.",
    _RUN,
)
RUN_BUDGET = MetricName(
    "ingestion_operator_run_budget_ratio",
    Kind.GAUGE,
    "Of its part of the target, what each worker may use, 0 to 1; less than 1 while a device is too full.",
    _RUN,
)
RUN_LAST_CHANGE = MetricName(
    "ingestion_operator_run_last_change_timestamp_seconds",
    Kind.GAUGE,
    "When a lever of the run was last changed for a reason.",
    (*_RUN, "lever", "reason"),
)

OF_OPERATOR = (RECONCILE_DURATION, RECONCILE_ERRORS, RECONCILE_LONGEST, DECISIONS, SCRAPES)
OF_RUNS = (
    RUNS,
    RUN_STATE,
    RUN_COMPLETION,
    RUN_VIDEOS_LISTED,
    RUN_VIDEOS,
    RUN_SUCCESS,
    RUN_SUCCESS_OBJECTIVE,
    RUN_MEMORY_USED,
    RUN_MEMORY_TARGET,
    RUN_OOM_EVENTS,
    RUN_GPU_UTILISATION,
    RUN_WINDOWS_WAITING,
    RUN_AUDIO,
    RUN_WORKERS_WANTED,
    RUN_WORKERS_RUNNING,
    RUN_WORKERS_WAITING,
    RUN_WORKERS_SILENT,
    RUN_WORKERS_CEILING,
    RUN_BUDGET,
    RUN_LAST_CHANGE,
)
"""What is computed from the runs at each scrape."""
