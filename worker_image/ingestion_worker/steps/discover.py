"""The first step of a run: writes the list of videos and cuts it into shards."""

from __future__ import annotations

import logging
from pathlib import Path

from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.spec import IngestionRun
from ingestion_contract.summary import DiscoverSummary
from ingestion_worker import index
from ingestion_worker.conclusion import Conclusion
from ingestion_worker.output import video_list
from ingestion_worker.output.store import Store
from ingestion_worker.output.video_list import VideoList
from ingestion_worker.source.addresses import AddressRules
from ingestion_worker.source.isolation import list_isolated
from ingestion_worker.steps import run_record, shards

log = logging.getLogger(__name__)


def discover(
    run: IngestionRun, store: Store, cookies: Path | None, rules: AddressRules, local_workers: int | None = None
) -> Conclusion:
    """Write the list of a run's videos; a list that is there already is kept, so that doing it twice does no harm.

    Args:
        rules: which addresses may be asked.
        local_workers: cut the list for so many workers on this machine, rather than by what is worth a pod's start.

    Raises:
        StepError: see `index.check`, `source.isolation.list_isolated` and `video_list.write_once`.
    """
    index.check(run, store)
    listed = video_list.read(store, run.metadata.uid)
    if listed is None:
        listed = _list(run, store, cookies, rules, local_workers)
    log.info("list videos=%d shards=%d digest=%s", len(listed.videos), len(listed.shards), listed.digest[:12])
    summary = DiscoverSummary(count=len(listed.videos), shards=len(listed.shards), digest=listed.digest)
    return Conclusion(ExitCode.DONE, summary)


def _list(
    run: IngestionRun, store: Store, cookies: Path | None, rules: AddressRules, local_workers: int | None
) -> VideoList:
    source = run.spec.source
    videos = list_isolated(source.urls, source.limit, cookies, rules)
    run_record.begin(run, store)
    durations = [video.duration_seconds for video in videos]
    if local_workers is None:
        cut = shards.cut(durations, run.spec.workers.videos_per_shard)
    else:
        cut = shards.cut_for_workers(durations, local_workers)
    return video_list.write_once(store, run.metadata.uid, videos, cut)
