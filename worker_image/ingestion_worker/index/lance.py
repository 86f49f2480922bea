"""The index in LanceDB, which is a folder beside the output."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import stamina
from numpy.typing import NDArray

from ingestion_contract import layout
from ingestion_worker.conclusion import OutputUnavailable
from ingestion_worker.index import lance_storage, rows
from ingestion_worker.index.entries import Entry, VectorSpace, count
from ingestion_worker.index.interface import FOUND_COLUMNS, FoundChunk
from ingestion_worker.output.store import Store

# Its library writes a line for each table it makes.
os.environ.setdefault("LANCEDB_LOG", "error")

import lancedb
from lancedb.index import FTS, IvfHnswSq

MODEL = "embed_model"
"""Metadata of a table's schema: the embedder."""

KEY = ["video_id", "chunk_index"]
"""The columns that tell a row from all others."""

SCANNED_ROWS = 50_000
"""Up to so many vectors are compared one by one, which is exact; above, an index is made, which is not."""

KEPT = timedelta(days=1)
"""How long a table's earlier versions stay: a search that goes on meanwhile reads one."""

_CONFLICTS = ("commit conflict", "incompatible with concurrent transaction")


def _lost_a_race(error: Exception) -> bool:
    """Return whether another process has changed the table meanwhile: Lance's errors have no types of their own."""
    return isinstance(error, OutputUnavailable) and any(words in str(error) for words in _CONFLICTS)


_again_after_a_conflict = stamina.retry(on=_lost_a_race, attempts=10, timeout=120)


class LanceIndex:
    """The index of an output. Of two processes that write at the same time, one has to do its change again.

    Raises:
        ConfigurationError: LanceDB does not write to such storage.
    """

    def __init__(self, store: Store) -> None:
        self._address = lance_storage.address(store)
        self._there = bool(store.folders(layout.lance_index()))
        self._connection: lancedb.DBConnection | None = None

    def spaces(self) -> list[VectorSpace]:
        """Return the embedders whose tables hold rows."""
        with self._asked("open"):
            found = [self._space(name) for name in self._names() if self._database.open_table(name).count_rows() > 0]
        return sorted(found)

    def entries(self, space: VectorSpace) -> dict[str, Entry]:
        """Return what a table holds, by video id; nothing where there is no such table."""
        keys: Counter[tuple[str, str]] = Counter()
        with self._asked("read"):
            if space.table not in self._names():
                return {}
            scan = self._database.open_table(space.table).search().select(["video_id", "video_key"])
            for batch in scan.to_batches():
                grouped = pa.table(batch).group_by(["video_id", "video_key"]).aggregate([([], "count_all")])
                for row in grouped.to_pylist():
                    keys[row["video_id"], row["video_key"]] += row["count_all"]
        return count(keys)

    @_again_after_a_conflict
    def replace(self, space: VectorSpace, rows: pa.Table) -> None:
        """Write rows of whole videos, in place of all that the table holds of those videos.

        An upsert leaves chunks beyond a video's last one, and rows that two processes have written at the same time, so
        that these are deleted. (Lance could do it all in one commit, for which it reads the whole table.)
        """
        chunks = {one["values"]: one["counts"] for one in pc.value_counts(rows["video_id"]).to_pylist()}
        with self._asked("write"):
            table = self._table(space)
            there = table.search().where(_among(list(chunks))).select(KEY).to_arrow()
            if there.group_by(KEY).aggregate([]).num_rows < there.num_rows:
                table.delete(_among(list(chunks)))
            table.merge_insert(KEY).when_matched_update_all().when_not_matched_insert_all().execute(rows)
            last = there.group_by(["video_id"]).aggregate([("chunk_index", "max")]).to_pylist()
            beyond = [row["video_id"] for row in last if row["chunk_index_max"] >= chunks[row["video_id"]]]
            if beyond:
                table.delete(" OR ".join(f"({_among([video])} AND chunk_index >= {chunks[video]})" for video in beyond))

    @_again_after_a_conflict
    def remove(self, space: VectorSpace, videos: Sequence[str]) -> None:
        """Delete all rows of videos."""
        with self._asked("write"):
            self._table(space).delete(_among(videos))

    @_again_after_a_conflict
    def settle(self, space: VectorSpace) -> None:
        """Index what is not indexed yet, and compact what was written in pieces."""
        with self._asked("write"):
            if space.table not in self._names():
                return
            table = self._database.open_table(space.table)
            total = table.count_rows()
            indexed = _indexed(table)
            if total > 0 and "text" not in indexed:
                table.create_index("text", config=FTS(base_tokenizer="icu", remove_stop_words=False))
            if total > SCANNED_ROWS and "vector" not in indexed:
                table.create_index("vector", config=IvfHnswSq(distance_type="cosine"))
            statistics = [table.index_stats(name) for name in indexed.values()]
            if any(one is not None and one.num_unindexed_rows > 0 for one in statistics):
                table.optimize(cleanup_older_than=KEPT)

    def by_text(self, space: VectorSpace, words: str, limit: int) -> list[FoundChunk]:
        """Return the chunks that hold one of the words or more, the best by BM25 first."""
        with self._asked("search"):
            query = self._database.open_table(space.table).search(words, query_type="fts", fts_columns="text")
            return _found(query.select([*FOUND_COLUMNS, "_score"]).limit(limit).to_arrow())

    def by_vector(self, space: VectorSpace, vector: NDArray[np.float32], limit: int) -> list[FoundChunk]:
        """Return the chunks whose vectors are nearest by cosine, the nearest first."""
        with self._asked("search"):
            table = self._database.open_table(space.table)
            query: Any = table.search(vector, vector_column_name="vector", query_type="vector")
            query = query.distance_type("cosine").select([*FOUND_COLUMNS, "_distance"])
            return _found(query.limit(limit).to_arrow())

    def version(self, space: VectorSpace) -> int:
        """Return the number of a table's version; every write makes another one."""
        with self._asked("read"):
            return self._database.open_table(space.table).version

    def indexed(self, space: VectorSpace) -> list[str]:
        """Return the columns of a table that have a search index; others are searched row by row."""
        with self._asked("read"):
            return list(_indexed(self._database.open_table(space.table)))

    @property
    def _database(self) -> lancedb.DBConnection:
        """The connection; opening one makes the folder."""
        if self._connection is None:
            options = lance_storage.options(self._address, os.environ)
            self._connection = lancedb.connect(self._address, storage_options=options)
            self._there = True
        return self._connection

    def _names(self) -> list[str]:
        if not self._there:
            return []
        names: list[str] = []
        token = None
        while True:
            page = self._database.list_tables(page_token=token)
            names += page.tables
            token = page.page_token
            if not token:
                return names

    def _space(self, name: str) -> VectorSpace:
        schema = self._database.open_table(name).schema
        return VectorSpace(schema.metadata[MODEL.encode()].decode(), schema.field("vector").type.list_size)

    def _table(self, space: VectorSpace) -> lancedb.Table:
        schema = rows.schema(space).with_metadata({MODEL: space.model})
        return self._database.create_table(space.table, schema=schema, exist_ok=True)

    @contextmanager
    def _asked(self, what: str) -> Iterator[None]:
        """Say in one sentence that the database refuses."""
        try:
            yield
        except (RuntimeError, ValueError, OSError) as error:
            raise OutputUnavailable(f"the index {self._address} refuses to {what}: {error}") from error


def _among(videos: Sequence[str]) -> str:
    """Return the condition, in SQL, that a row is of one of these videos."""
    quoted = ("'" + video.replace("'", "''") + "'" for video in videos)
    return f"video_id IN ({', '.join(quoted)})"


def _indexed(table: lancedb.Table) -> dict[str, str]:
    """Return the name of each column's index."""
    return {column: index.name for index in table.list_indices() for column in index.columns}


def _found(table: pa.Table) -> list[FoundChunk]:
    return [FoundChunk(**row) for row in table.select(FOUND_COLUMNS).to_pylist()]
