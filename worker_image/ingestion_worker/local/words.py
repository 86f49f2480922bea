"""Progress in words, for lines and for the panel. Pure."""

from __future__ import annotations

from ingestion_contract.metrics import WorkerState
from ingestion_worker.local.progress import Progress
from ingestion_worker.text.durations import clock
from ingestion_worker.text.labels import STAGES, STATES
from ingestion_worker.text.words import counted

GIB = 2**30


def line(now: Progress) -> str:
    """Return the progress in one line."""
    parts = [
        f"{now.tally.done}/{now.total} videos",
        f"{now.tally.failed} failed, {now.tally.skipped} skipped",
        workers(now),
        f"{now.audio_rate:.1f} audio-hours/hour",
    ]
    parts += [memory(now), f"batch {now.batch}"] if now.total_bytes else []
    parts += [f"out of memory {counted(now.oom_events, 'time')}"] if now.oom_events else []
    parts += [f"{STAGES[now.limiting]} limits"] if now.limiting is not None else []
    parts += [f"{clock(now.remaining)} to go"] if now.remaining is not None else []
    return " · ".join(parts)


def workers(now: Progress) -> str:
    """Return how many workers do what."""
    counts: dict[str, int] = {}
    for state, number in now.states.items():
        counts[state_name(state)] = counts.get(state_name(state), 0) + number
    return "workers: " + (", ".join(f"{number} {what}" for what, number in counts.items()) or "none")


def state_name(state: WorkerState | None) -> str:
    """Return what a worker does; one that has not been heard yet is starting."""
    return STATES[state or WorkerState.STARTING]


def memory(now: Progress) -> str:
    """Return how much of the device's memory is in use, and whose figures these are."""
    simulated = "simulated " if now.simulated else ""
    percent = 100 * now.used / now.total_bytes
    return f"{simulated}memory {now.used / GIB:.1f}/{now.total_bytes / GIB:.1f} GiB ({percent:.0f} %)"
