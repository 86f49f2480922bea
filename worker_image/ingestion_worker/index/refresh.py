"""Makes an index hold what it should, by writing only the differences."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping

from ingestion_worker.index import rows
from ingestion_worker.index.counts import IndexCounts
from ingestion_worker.index.entries import Entry, VectorSpace, difference
from ingestion_worker.index.interface import ChunkIndex
from ingestion_worker.index.wanted import batches, wanted
from ingestion_worker.output.store import Store

log = logging.getLogger(__name__)

_REMOVED_AT_ONCE = 500


def refresh(index: ChunkIndex, store: Store, names: Collection[str] = ()) -> IndexCounts:
    """Write what is missing, and remove what no run lists any more. Done twice, the second time changes nothing.

    Whoever ends it in the middle leaves an index that may be searched, and that the next refresh completes.

    Args:
        index: the index.
        store: the output.
        names: of the runs whose videos are to be found; none is all.

    Raises:
        OutputUnavailable: the output's storage or the index's refuses.
    """
    contents = wanted(store, names)
    total = IndexCounts()
    for space in sorted({*contents, *index.spaces()}):
        total += _refresh_table(index, store, space, contents.get(space, {}))
    log.info("index %s", total)
    return total


def _refresh_table(index: ChunkIndex, store: Store, space: VectorSpace, entries: Mapping[str, Entry]) -> IndexCounts:
    changes = difference(entries, index.entries(space))
    written = 0
    damaged: list[str] = []
    for batch in rows.read(store, space, changes.write, entries):
        if batch.videos:
            index.replace(space, batch.table)
        written += len(batch.videos)
        damaged += batch.damaged
    for some in batches([*changes.remove, *damaged], _REMOVED_AT_ONCE):
        index.remove(space, some)
    index.settle(space)
    left_out = set(damaged)
    kept = [entry for video, entry in entries.items() if video not in left_out]
    return IndexCounts(
        videos=len(kept),
        rows=sum(entry.rows for entry in kept),
        written=written,
        removed=len(changes.remove),
        damaged=len(damaged),
    )
