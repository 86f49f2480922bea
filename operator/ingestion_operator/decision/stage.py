"""Where a run stands on its way: discover, work, finish."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from ingestion_contract.exit_codes import IGNORED, ExitCode
from ingestion_contract.pod import Step
from ingestion_contract.summary import DiscoverSummary, ErrorSummary, FinishSummary
from ingestion_operator.decision.snapshot import Snapshot
from ingestion_operator.observe.jobs import DEADLINE_EXCEEDED
from ingestion_operator.observe.pods import Exit

_RESULT_OF = {Step.DISCOVER: DiscoverSummary, Step.FINISH: FinishSummary}
_MAX_SENTENCE = 500
_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Failure:
    """A step that cannot do its work: one word, and one sentence."""

    reason: str
    message: str


class Lost(Enum):
    """A step is complete, but its pod went before its result could be read."""

    LOST = "lost"


def current_step(snapshot: Snapshot) -> Step:
    """Return the step that is to run, or runs."""
    if snapshot.status.video_list is None:
        return Step.DISCOVER
    work = snapshot.jobs.get(Step.WORK)
    return Step.FINISH if work is not None and work.over else Step.WORK


def discovery(snapshot: Snapshot) -> DiscoverSummary | Failure | Lost | None:
    """Return what discovery ended with; None while it goes on."""
    result = _result(snapshot, Step.DISCOVER)
    if isinstance(result, DiscoverSummary) and not (result.count and result.shards):
        return Failure("NoVideos", "the source lists no videos: see spec.source.urls")
    return result if not isinstance(result, FinishSummary) else None


def final_count(snapshot: Snapshot) -> FinishSummary | Failure | Lost | None:
    """Return what the last step counted in the output; None while it goes on."""
    result = _result(snapshot, Step.FINISH)
    if isinstance(result, FinishSummary) and snapshot.status.video_list is not None:
        listed, told = snapshot.status.video_list.count, result.succeeded + result.failed + result.skipped
        if not listed == result.total == told:
            return Failure(
                "CountsDiffer",
                f"the last step counted {told} outcomes of {result.total} videos, but {listed} were listed: "
                "was the output changed meanwhile?",
            )
    return result if not isinstance(result, DiscoverSummary) else None


def result_is_lost(snapshot: Snapshot) -> bool:
    """Return whether the present step is complete, but its pod went before its result could be read."""
    step = current_step(snapshot)
    return step in _RESULT_OF and _result(snapshot, step) is Lost.LOST


def last_complaint(snapshot: Snapshot, step: Step) -> Failure | None:
    """Return why the latest failed attempt of a step failed, in the worker's words where it has any.

    Of workers only exits that count: one that was asked to stop has failed nothing.
    """
    passed_over = (ExitCode.DONE, *(IGNORED if step is Step.WORK else ()))
    exits = [pod.exit for pod in snapshot.pods_of(step) if pod.exit is not None and pod.exit.code not in passed_over]
    if not exits:
        return None
    latest = max(exits, key=lambda ended: ended.finished_at or _BEGINNING)
    return _complaint(latest)


def _result(snapshot: Snapshot, step: Step) -> DiscoverSummary | FinishSummary | Failure | Lost | None:
    job = snapshot.jobs.get(step)
    if job is None or not job.over:
        return None
    if job.past_deadline:
        return Failure(DEADLINE_EXCEEDED, f"the {step.value} step was not done within spec.activeDeadlineSeconds")
    if job.failed:
        return last_complaint(snapshot, step) or Failure(f"{step.value.title()}Failed", job.failure)
    exits = [pod.exit for pod in snapshot.pods_of(step) if pod.exit is not None and pod.exit.code == 0]
    for ended in exits:
        if isinstance(ended.summary, _RESULT_OF[step]):
            return ended.summary
    if exits:
        return Failure(
            "NoSummary", f"the {step} step ended well but left no summary: is the worker image of this release?"
        )
    return Lost.LOST


def _complaint(ended: Exit) -> Failure:
    if isinstance(ended.summary, ErrorSummary):
        return Failure(ended.summary.reason, ended.summary.detail)
    lines = ended.message.strip().splitlines()
    last_words = f": {lines[-1][:_MAX_SENTENCE]}" if lines and ended.summary is None else ""
    return Failure("StepFailed", f"the container ended with exit code {ended.code} ({ended.reason}){last_words}")
