"""What an index should hold, by the records in the output."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath

from ingestion_contract import layout
from ingestion_contract.records import RunRecord, VideoManifest
from ingestion_contract.summary import FinishSummary
from ingestion_worker.index.entries import Entry, VectorSpace
from ingestion_worker.output.batches import batches
from ingestion_worker.output.store import Store


def wanted(store: Store, names: Collection[str] = ()) -> dict[VectorSpace, dict[str, Entry]]:
    """Return the videos that are to be found, by embedder and video id.

    Those are the videos that the latest run of each name has listed, and whose manifest exists. The latest is the one
    created last among those that were counted, since one that still works would make the others' videos vanish;
    where none was counted, the one created last. Of a video that two runs have embedded with the same model but have
    cut into other chunks, the later run's is wanted. One without words is not: it has no rows.

    Args:
        store: the output.
        names: of the runs that count; none is all.

    Raises:
        OutputUnavailable: the storage refuses.
    """
    found: defaultdict[VectorSpace, dict[str, Entry]] = defaultdict(dict)
    for run in _latest_runs(store, names):
        for manifest in _manifests(store, run.uid):
            space = VectorSpace(manifest.embed_model, manifest.dimension)
            found[space][manifest.video.id] = Entry(manifest.key, manifest.chunks)
    return {
        space: {video: entry for video, entry in entries.items() if entry.rows > 0} for space, entries in found.items()
    }


def _latest_runs(store: Store, names: Collection[str]) -> list[RunRecord]:
    """Return the latest run of each name, the oldest first."""
    uids = store.folders("_runs")
    records = store.read_records(map(layout.run_record, uids), RunRecord).values()
    counted = store.read_records(map(layout.result, uids), FinishSummary)
    latest: dict[tuple[str, str], RunRecord] = {}
    for run in sorted(records, key=lambda run: (layout.result(run.uid) in counted, run.created_at, run.uid)):
        if not names or run.name in names:
            latest[run.namespace, run.name] = run
    return sorted(latest.values(), key=lambda run: (run.created_at, run.uid))


def _manifests(store: Store, run_uid: str) -> Iterator[VideoManifest]:
    """Yield the manifests of the videos of which a run has recorded what became of them."""
    outcomes = PurePosixPath(layout.outcome(run_uid, "any")).parent
    keys = (PurePosixPath(path).stem for path in store.list(str(outcomes)))
    for some in batches(keys):
        yield from store.read_records(map(layout.manifest, some), VideoManifest).values()
