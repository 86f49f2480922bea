"""The first step of a run: writes the list of videos and cuts it into shards."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

from ingestion_contract import layout
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.records import RunRecord
from ingestion_contract.spec import IngestionRun
from ingestion_contract.summary import DiscoverSummary
from ingestion_worker import index
from ingestion_worker.output import video_list
from ingestion_worker.output.store import Store
from ingestion_worker.output.video_list import VideoList
from ingestion_worker.source.addresses import AddressRules
from ingestion_worker.source.listing import list_videos
from ingestion_worker.steps import shards
from ingestion_worker.steps.conclusion import Conclusion

log = logging.getLogger(__name__)


def discover(
    run: IngestionRun, store: Store, cookies: Path | None, rules: AddressRules, shard_count: int | None = None
) -> Conclusion:
    """Write the list of a run's videos; a list that is there already is kept, so that doing it twice does no harm.

    Args:
        rules: which addresses may be asked.
        shard_count: cut the list into so many shards, rather than by what is worth a pod's start.

    Raises:
        StepError: see `index.check`, `source.listing.list_videos` and `video_list.write_once`.
    """
    index.check(run, store)
    listed = video_list.read(store, run.metadata.uid)
    if listed is None:
        listed = _list(run, store, cookies, rules, shard_count)
    log.info("list videos=%d shards=%d digest=%s", len(listed.videos), len(listed.shards), listed.digest[:12])
    summary = DiscoverSummary(count=len(listed.videos), shards=len(listed.shards), digest=listed.digest)
    return Conclusion(ExitCode.DONE, summary)


def _list(
    run: IngestionRun, store: Store, cookies: Path | None, rules: AddressRules, shard_count: int | None
) -> VideoList:
    source = run.spec.source
    videos = list_videos(source.urls, source.limit, cookies, rules)
    meta = run.metadata
    record = RunRecord(name=meta.name, namespace=meta.namespace, uid=meta.uid, created_at=datetime.now(UTC))
    store.write_record_once(layout.run_record(meta.uid), record)
    durations = [video.duration_seconds for video in videos]
    by_size = shards.cut(durations, run.spec.workers.videos_per_shard)
    cut = by_size if shard_count is None else shards.cut_into(durations, shard_count)
    return video_list.write_once(store, meta.uid, videos, cut)
