"""How many videos are behind a run: live from the shards' tallies, at the end from the output."""

from __future__ import annotations

from collections.abc import Iterable

from ingestion_contract.metrics import Result
from ingestion_contract.status import MAX_REASONS, Videos
from ingestion_contract.summary import FinishSummary
from ingestion_operator.observe.tally import Tally


def live_videos(before: Videos, total: int, tallies: Iterable[Tally]) -> Videos:
    """Return the counts as far as they can be seen; none ever goes down, and their sum stays within the total."""
    sums: dict[Result, int] = dict.fromkeys(Result, 0)
    reasons: dict[str, int] = {}
    for tally in tallies:
        for (result, reason), count in tally.results.items():
            sums[result] += count
            if reason and result is not Result.SUCCEEDED:
                reasons[reason] = reasons.get(reason, 0) + count
    succeeded = min(total, max(before.succeeded, sums[Result.SUCCEEDED]))
    skipped = min(total - succeeded, max(before.skipped, sums[Result.SKIPPED]))
    failed = min(total - succeeded - skipped, max(before.failed, sums[Result.FAILED]))
    return _videos(total, succeeded, failed, skipped, reasons or before.reasons)


def final_videos(count: FinishSummary) -> Videos:
    """Return the counts of what lies in the output."""
    return _videos(count.total, count.succeeded, count.failed, count.skipped, count.reasons)


def progress(videos: Videos) -> str:
    """Return done of total, as in `120/200`."""
    return f"{videos.succeeded + videos.failed + videos.skipped}/{videos.total}"


def _videos(total: int, succeeded: int, failed: int, skipped: int, reasons: dict[str, int]) -> Videos:
    readable = succeeded + failed
    most = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))[:MAX_REASONS]
    return Videos(
        total=total,
        succeeded=succeeded,
        failed=failed,
        skipped=skipped,
        success_percent=100 * succeeded // readable if readable else None,
        reasons=dict(sorted(most)),
    )
