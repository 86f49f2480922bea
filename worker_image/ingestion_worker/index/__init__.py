"""The searchable index: chunks and vectors of many runs in one place, in LanceDB or PostgreSQL."""

from __future__ import annotations

from ingestion_contract.spec import IndexType, IngestionRun
from ingestion_worker.index import lance_storage
from ingestion_worker.index.counts import IndexCounts
from ingestion_worker.output.store import Store

__all__ = ["IndexCounts", "build", "check"]


def check(run: IngestionRun, store: Store) -> None:
    """Check that the index that a run asks for can be: before hours are spent on what goes into it.

    Raises:
        ConfigurationError: it cannot.
        OutputUnavailable: its database does not answer.
    """
    match run.spec.output.index.type:
        case IndexType.LANCEDB:
            lance_storage.address(store)
        case IndexType.PGVECTOR:
            from ingestion_worker.index.postgres import connect

            with connect():
                pass


def build(run: IngestionRun, store: Store) -> IndexCounts | None:
    """Bring the index that a run asks for up to date with the output, or return None where it asks for none.

    Raises:
        ConfigurationError: the index cannot be where it is asked for.
        OutputUnavailable: its storage refuses.
    """
    kind = run.spec.output.index.type
    if kind is IndexType.NONE:
        return None
    # The databases' libraries take a second to import, which a run without an index need not pay.
    from ingestion_worker.index.backends import open_index
    from ingestion_worker.index.refresh import refresh

    with open_index(kind, store) as index:
        return refresh(index, store)
