"""Makes an index hold what it should, by writing only the differences."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping

import stamina

from ingestion_worker.conclusion import OutputUnavailable
from ingestion_worker.index import rows
from ingestion_worker.index.counts import IndexCounts
from ingestion_worker.index.entries import Difference, Entry, VectorSpace, difference
from ingestion_worker.index.interface import ChunkIndex
from ingestion_worker.index.wanted import wanted
from ingestion_worker.output.batches import batches
from ingestion_worker.output.store import Store

log = logging.getLogger(__name__)

_REMOVED_AT_ONCE = 500


class _Overtaken(OutputUnavailable):
    """What was written is not what is there."""


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
    """Apply the differences, and see that there is none left: another process may have written at the same time."""
    present = index.entries(space)
    changes = left = difference(entries, present)
    kept = entries
    damaged: set[str] = set()
    for attempt in stamina.retry_context(on=_Overtaken, attempts=10, timeout=300, wait_jitter=1.0):
        with attempt:
            damaged |= _apply(index, store, space, entries, left, present)
            kept = {video: entry for video, entry in entries.items() if video not in damaged}
            present = index.entries(space)
            left = difference(kept, present)
            if left:
                raise _Overtaken(
                    f"other processes keep writing to {space.table}: run `ingest index` when they are done"
                )
    index.settle(space)
    return IndexCounts(
        videos=len(kept),
        rows=sum(entry.rows for entry in kept.values()),
        written=len(set(changes.write) - damaged),
        removed=len(changes.remove),
        damaged=len(damaged),
    )


def _apply(
    index: ChunkIndex,
    store: Store,
    space: VectorSpace,
    entries: Mapping[str, Entry],
    changes: Difference,
    present: Collection[str],
) -> set[str]:
    """Write and remove what differs, and return the ids of videos whose files are damaged."""
    damaged: set[str] = set()
    for batch in rows.read(store, space, changes.write, entries):
        if batch.videos:
            index.replace(space, batch.table)
        damaged.update(batch.damaged)
    for some in batches([*changes.remove, *sorted(damaged.intersection(present))], _REMOVED_AT_ONCE):
        index.remove(space, some)
    return damaged
