"""The last step of a run: counts what the output holds, reports, and makes it searchable."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from ingestion_contract import layout
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.metrics import Result
from ingestion_contract.records import Outcome, Video, VideoManifest
from ingestion_contract.spec import IngestionRun
from ingestion_contract.summary import FinishSummary
from ingestion_worker import index, report
from ingestion_worker.conclusion import Conclusion, ConfigurationError, StepError
from ingestion_worker.output import video_list
from ingestion_worker.output.batches import batches
from ingestion_worker.output.keys import video_key
from ingestion_worker.output.store import Store
from ingestion_worker.steps import run_record

log = logging.getLogger(__name__)

MAX_REASONS = 32
OTHER = "Other"


def finish(run: IngestionRun, store: Store) -> Conclusion:
    """Count every video of the list once, write the count and the report, and bring the index up to date.

    A video has succeeded if its manifest exists, whatever else was recorded. One without an outcome has failed, for
    the reason `NotProcessed`.

    Raises:
        ConfigurationError: there is no list, or the index cannot be where the run asks for it.
        OutputUnavailable: the storage or the index refuses; count and report are written even if the index is not.
    """
    uid = run.metadata.uid
    listed = video_list.read(store, uid)
    if listed is None:
        raise ConfigurationError(f"{store.uri} holds no list of videos of the run {uid}: run `ingest discover` first")
    summary = _count(run, store, listed.videos)
    store.write_record(layout.result(uid), summary)
    log.info("result %s", summary.to_wire())
    run_record.bring_up_to_date(run, store)
    _report(store, uid)
    index.build(run, store)
    return Conclusion(ExitCode.DONE, summary)


def _count(run: IngestionRun, store: Store, videos: Sequence[Video]) -> FinishSummary:
    """Count the videos, some at a time: what their records hold is forgotten once it is counted.

    The success of a video whose worker was killed before it could record it is recorded: the index goes by that.
    """
    uid = run.metadata.uid
    results: Counter[Result] = Counter()
    reasons: Counter[str] = Counter()
    audio_seconds = 0.0
    for keys in batches(video_key(video, run.spec) for video in videos):
        manifests = store.read_records(map(layout.manifest, keys), VideoManifest)
        outcomes = store.read_records((layout.outcome(uid, key) for key in keys), Outcome)
        for key in keys:
            manifest, outcome = manifests.get(layout.manifest(key)), outcomes.get(layout.outcome(uid, key))
            result, reason = _judge(manifest is not None, outcome)
            results[result] += 1
            reasons.update([reason] if reason else [])
            if manifest is not None:
                audio_seconds += manifest.audio_seconds
                if outcome is None or outcome.result is not Result.SUCCEEDED:
                    store.write_record(layout.outcome(uid, key), _found(manifest))
    return FinishSummary(
        total=results.total(),
        succeeded=results[Result.SUCCEEDED],
        failed=results[Result.FAILED],
        skipped=results[Result.SKIPPED],
        reasons=_bounded(reasons),
        audio_seconds=round(audio_seconds),
    )


def _found(manifest: VideoManifest) -> Outcome:
    return Outcome(
        video_id=manifest.video.id,
        result=Result.SUCCEEDED,
        detail="found by the count",
        video_key=manifest.key,
        audio_seconds=manifest.audio_seconds,
        recorded_at=datetime.now(UTC),
    )


def _report(store: Store, uid: str) -> None:
    """Write the report. An error in it that nobody expected costs the report alone: the index is what people need."""
    try:
        report.write(store, uid)
    except StepError:
        raise
    except Exception as error:
        log.error("no report is written: %s: %s", type(error).__name__, error, exc_info=error)


def _judge(has_manifest: bool, outcome: Outcome | None) -> tuple[Result, str]:
    if has_manifest:
        return Result.SUCCEEDED, ""
    if outcome is None or outcome.result is Result.SUCCEEDED:
        return Result.FAILED, "NotProcessed"
    return outcome.result, outcome.reason


def _bounded(reasons: Counter[str]) -> dict[str, int]:
    """Return the most common reasons, the rest summed up."""
    if len(reasons) <= MAX_REASONS:
        return dict(reasons.most_common())
    kept = dict(reasons.most_common(MAX_REASONS - 1))
    kept[OTHER] = kept.get(OTHER, 0) + reasons.total() - sum(kept.values())
    return kept
