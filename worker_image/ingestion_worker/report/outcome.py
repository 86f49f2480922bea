"""What became of the videos, as the report tells it. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ingestion_contract.metrics import Result
from ingestion_contract.records import Outcome, Video
from ingestion_contract.redaction import redacted
from ingestion_contract.summary import FinishSummary
from ingestion_worker.report.records import RunRecords

EXAMPLES = 3
LONGEST = 10

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
    counts = Counter(transcript.source for transcript in records.transcripts.values())
    return {SOURCES.get(source, source): count for source, count in counts.most_common()}


def _so_far(records: RunRecords) -> FinishSummary:
    results = Counter(outcome.result for outcome in records.outcomes)
    reasons = Counter(outcome.reason for outcome in records.outcomes if outcome.reason)
    return FinishSummary(
        total=len(records.videos),
        succeeded=results[Result.SUCCEEDED],
        failed=results[Result.FAILED],
        skipped=results[Result.SKIPPED],
        reasons=dict(reasons.most_common(32)),
        audio_seconds=round(sum(manifest.audio_seconds for manifest in records.manifests.values())),
    )


def _reasons(counts: FinishSummary, records: RunRecords) -> list[ReasonRow]:
    videos = {video.id: video for video in records.videos}
    places = {video.id: at for at, video in enumerate(records.videos)}
    by_reason: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in sorted(records.outcomes, key=lambda outcome: places.get(outcome.video_id, len(places))):
        if outcome.reason:
            by_reason[outcome.reason].append(outcome)
    rows = [
        ReasonRow(
            reason=reason,
            result=by_reason[reason][0].result if by_reason[reason] else Result.FAILED,
            count=count,
            examples=[_example(outcome, videos.get(outcome.video_id)) for outcome in by_reason[reason][:EXAMPLES]],
        )
        for reason, count in counts.reasons.items()
    ]
    return sorted(rows, key=lambda row: (row.result is not Result.FAILED, -row.count))


def _example(outcome: Outcome, video: Video | None) -> Example:
    title = video.title if video is not None else ""
    return Example(title or outcome.video_id, _link(video), redacted(outcome.detail))


def _longest(records: RunRecords) -> list[VideoRow]:
    results = {outcome.video_id: outcome for outcome in records.outcomes}
    rows = []
    for video in records.videos:
        manifest = records.manifests.get(video.id)
        seconds = manifest.audio_seconds if manifest is not None else video.duration_seconds
        if seconds:
            outcome = results.get(video.id)
            transcript = records.transcripts.get(video.id)
            how = (
                SOURCES.get(transcript.source, transcript.source)
                if transcript is not None
                else outcome.reason
                if outcome
                else ""
            )
            result = outcome.result.value if outcome is not None else "not processed"
            rows.append(VideoRow(video.title or video.id, _link(video), seconds, result, how))
    return sorted(rows, key=lambda row: -row.seconds)[:LONGEST]


def _link(video: Video | None) -> str:
    """Return the address of a video that a browser may follow; others (s3:, file:, javascript:) are no links."""
    return redacted(video.url) if video is not None and video.url.startswith(("https://", "http://")) else ""
