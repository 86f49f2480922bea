"""Opens the index of an output in the database that the run names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ingestion_contract.spec import IndexType
from ingestion_worker.conclusion import ConfigurationError
from ingestion_worker.index.interface import ChunkIndex
from ingestion_worker.output.store import Store


@contextmanager
def open_index(kind: IndexType, store: Store) -> Iterator[ChunkIndex]:
    """Open an index; a database is imported only where it is asked for.

    Raises:
        ConfigurationError: it cannot be where it is asked for.
        OutputUnavailable: the database does not answer.
    """
    match kind:
        case IndexType.LANCEDB:
            from ingestion_worker.index.lance import LanceIndex

            yield LanceIndex(store)
        case IndexType.PGVECTOR:
            from ingestion_worker.index.postgres import PostgresIndex, connect

            with connect() as connection:
                yield PostgresIndex(connection, store)
        case IndexType.NONE:
            raise ConfigurationError("an index of type None is none: name LanceDB or PGVector")
