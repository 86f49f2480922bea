"""What became of the videos, as the report tells it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ingestion_contract.metrics import Result
from ingestion_contract.records import Outcome, Video
from ingestion_contract.redaction import redacted
from ingestion_contract.summary import FinishSummary
from ingestion_worker.report.records import RunRecords
from ingestion_worker.report.tally import Long

SOURCES = {
    "manual_captions": "captions",
    "automatic_captions": "automatic captions",
    "asr": "speech recognition",
}


@dataclass(frozen=True)
class Example:
    """A video that is not there, and why."""

    title: str
    url: str
    detail: str


@dataclass(frozen=True)
class ReasonRow:
    """Videos that are not there for one reason."""

    reason: str
    result: Result
    count: int
    examples: Sequence[Example]


@dataclass(frozen=True)
class VideoRow:
    """A video of the run."""

    title: str
    url: str
    seconds: float
    result: str
    how: str


@dataclass(frozen=True)
class Outcomes:
    """What became of the videos.

    Attributes:
        counts: by the final count, or as far as it is recorded in a run that is not finished.
        percent: that succeeded, of those that exist and may be read; None where there is no such video.
        sources: how many transcripts came from where.
    """

    counts: FinishSummary
    finished: bool
    percent: float | None
    reasons: Sequence[ReasonRow]
    longest: Sequence[VideoRow]
    sources: dict[str, int]


def outcomes(records: RunRecords) -> Outcomes:
    """Tell what became of the videos of a run."""
    counts = records.result or _so_far(records)
    readable = counts.total - counts.skipped
    return Outcomes(
        counts=counts,
        finished=records.result is not None,
        percent=100 * counts.succeeded / readable if readable else None,
        reasons=_reasons(counts, records),
        longest=_longest(records),
        sources=_sources(records),
    )


def _sources(records: RunRecords) -> dict[str, int]:
    return {SOURCES.get(source, source): count for source, count in records.tally.sources.most_common()}


def _so_far(records: RunRecords) -> FinishSummary:
    tally = records.tally
    return FinishSummary(
        total=len(records.videos),
        succeeded=tally.results[Result.SUCCEEDED],
        failed=tally.results[Result.FAILED],
        skipped=tally.results[Result.SKIPPED],
        reasons=dict(tally.reasons.most_common(32)),
        audio_seconds=round(tally.audio_seconds),
    )


def _reasons(counts: FinishSummary, records: RunRecords) -> list[ReasonRow]:
    rows = [_reason(reason, count, records) for reason, count in counts.reasons.items()]
    return sorted(rows, key=lambda row: (row.result is not Result.FAILED, -row.count))


def _reason(reason: str, count: int, records: RunRecords) -> ReasonRow:
    found = records.tally.examples(reason)
    return ReasonRow(
        reason=reason,
        result=found[0].outcome.result if found else Result.FAILED,
        count=count,
        examples=[_example(one.outcome, _video(records, one.place)) for one in found],
    )


def _video(records: RunRecords, place: int) -> Video | None:
    return records.videos[place] if place < len(records.videos) else None


def _example(outcome: Outcome, video: Video | None) -> Example:
    title = video.title if video is not None else ""
    return Example(title or outcome.video_id, _link(video), redacted(outcome.detail))


def _longest(records: RunRecords) -> list[VideoRow]:
    return [_row(records.videos[long.place], long) for long in records.tally.longest()]


def _row(video: Video, long: Long) -> VideoRow:
    reason = long.outcome.reason if long.outcome is not None else ""
    return VideoRow(
        title=video.title or video.id,
        url=_link(video),
        seconds=long.seconds,
        result=long.outcome.result.value if long.outcome is not None else "not processed",
        how=SOURCES.get(long.source, long.source) if long.source is not None else reason,
    )


def _link(video: Video | None) -> str:
    """Return the address of a video that a browser may follow; others (s3:, file:, javascript:) are no links."""
    return redacted(video.url) if video is not None and video.url.startswith(("https://", "http://")) else ""
