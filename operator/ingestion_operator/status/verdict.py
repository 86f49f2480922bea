"""Whether a run has reached what it was for: its videos decide, never the state of its Jobs."""

from __future__ import annotations

from dataclasses import dataclass

from ingestion_contract.status import Videos
from ingestion_operator.observe.jobs import DEADLINE_EXCEEDED


@dataclass(frozen=True)
class RunVerdict:
    """The end of a run."""

    complete: bool
    reason: str
    message: str


def judge(videos: Videos, min_success_percent: int, stopped_after: int | None = None) -> RunVerdict:
    """Compare the videos that could be ingested, of those that exist and may be read, with the objective.

    Args:
        videos: as the last step counted them.
        min_success_percent: the objective.
        stopped_after: the seconds for which the run was active, if its deadline has stopped it.
    """
    readable = videos.succeeded + videos.failed
    told = f"{videos.succeeded} of {readable} videos that exist and may be read were ingested{_others(videos)}"
    if stopped_after is not None:
        told = f"{told}; stopped after {stopped_after} active seconds by spec.activeDeadlineSeconds"
    if 100 * videos.succeeded >= min_success_percent * readable:
        return RunVerdict(True, "Ingested" if readable else "AllSkipped", told)
    message = f"{told}; spec.objectives.minSuccessPercent asks for {min_success_percent} %"
    return RunVerdict(False, "TooFewSucceeded" if stopped_after is None else DEADLINE_EXCEEDED, message)


def _others(videos: Videos) -> str:
    parts = []
    if videos.skipped:
        parts.append(f"{videos.skipped} skipped")
    if videos.failed:
        parts.append(f"{videos.failed} failed")
    reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(videos.reasons.items()))
    return f"; {', '.join(parts)}{f' ({reasons})' if reasons else ''}" if parts else ""
