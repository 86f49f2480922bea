"""The index in PostgreSQL with pgvector. One database may hold the indexes of many outputs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import uuid4

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pgvector.psycopg import register_vector
from psycopg import errors, sql
from psycopg.rows import class_row

from ingestion_contract.records import Record
from ingestion_worker.conclusion import ConfigurationError, OutputUnavailable
from ingestion_worker.index import postgres_schema as schema
from ingestion_worker.index.entries import Entry, VectorSpace, count
from ingestion_worker.index.interface import FOUND_COLUMNS, FoundChunk
from ingestion_worker.output.store import Store

Connection = psycopg.Connection[tuple[object, ...]]

IDENTITY = "index/identity.json"
"""Names the output in a database that it shares with others: its URL does not, since a volume has the same in all."""

_LOCK = 0x1D6E5710
"""Key of the advisory lock of a process that writes: the next one waits."""


class OutputIdentity(Record):
    """The name of an output in databases; it is random."""

    id: str


@contextmanager
def connect() -> Iterator[Connection]:
    """Connect to the database that the PG* variables lead to, as libpq reads them.

    Raises:
        OutputUnavailable: it does not answer, or refuses.
        ConfigurationError: it has no pgvector, and this user may not or cannot create it; or one that is too old.
    """
    with _asked("answer"):
        connection = psycopg.connect(autocommit=True, connect_timeout=30)
    with connection:
        with _asked("make the extension vector"):
            _create_extension(connection)
            _check_version(connection)
            register_vector(connection)
        yield connection


def _create_extension(connection: Connection) -> None:
    try:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    except (errors.InsufficientPrivilege, errors.FeatureNotSupported, errors.UndefinedFile) as error:
        raise ConfigurationError(
            f"the database {connection.info.dbname} has no pgvector, and {connection.info.user} cannot create it: "
            f"{_first_line(error)}; install pgvector on the server, and let its administrator run `CREATE EXTENSION "
            "vector`",
            reason="InvalidOutput",
        ) from error


def _check_version(connection: Connection) -> None:
    found = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()
    version = "" if found is None else str(found[0])
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < schema.PGVECTOR:
        raise ConfigurationError(
            f"the database {connection.info.dbname} has pgvector {version}, which must be "
            f"{'.'.join(map(str, schema.PGVECTOR))} or later: install that on the server, and let its administrator "
            "run `ALTER EXTENSION vector UPDATE`",
            reason="InvalidOutput",
        )


class PostgresIndex:
    """The index of an output, in a database that may hold others."""

    def __init__(self, connection: Connection, store: Store) -> None:
        self._connection = connection
        self._store = store
        earlier = store.read_record(IDENTITY, OutputIdentity)
        self._output = None if earlier is None else earlier.id

    def spaces(self) -> list[VectorSpace]:
        """Return the embedders whose tables hold rows of this output."""
        with _asked("be read"):
            if self._connection.execute("SELECT to_regclass(%s)", [schema.SPACES]).fetchone() == (None,):
                return []
            known = self._connection.execute(schema.LIST_SPACES).fetchall()
            found = [VectorSpace(str(model), int(str(dimension))) for model, dimension in known]
            return sorted(space for space in found if self._holds_rows(space))

    def _holds_rows(self, space: VectorSpace) -> bool:
        query = sql.SQL("SELECT EXISTS (SELECT FROM {table} WHERE output_id = %s)").format(table=_table(space))
        return self._connection.execute(query, [self._output]).fetchone() == (True,)

    def entries(self, space: VectorSpace) -> dict[str, Entry]:
        """Return what a table holds, by video id; nothing where there is no such table."""
        query = sql.SQL("SELECT video_id, video_key, count(*) FROM {table} WHERE output_id = %s GROUP BY 1, 2")
        with _asked("be read"):
            if self._connection.execute("SELECT to_regclass(%s)", [space.table]).fetchone() == (None,):
                return {}
            rows = self._connection.execute(query.format(table=_table(space)), [self._output]).fetchall()
        return count({(str(video), str(key)): int(str(rows)) for video, key, rows in rows})

    def replace(self, space: VectorSpace, rows: pa.Table) -> None:
        """Write rows of whole videos, in place of all that the table holds of them: a transaction for each video."""
        with _asked("be written"), self._alone():
            for statement in schema.create(space):
                self._connection.execute(statement)
            for video in rows["video_id"].unique().to_pylist():
                self._replace_video(space, video, rows.filter(pc.equal(rows["video_id"], video)))

    def _replace_video(self, space: VectorSpace, video: str, rows: pa.Table) -> None:
        output = self._identify()
        beyond = sql.SQL("DELETE FROM {table} WHERE output_id = %s AND video_id = %s AND chunk_index >= %s")
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(beyond.format(table=_table(space)), [output, video, rows.num_rows])
            cursor.executemany(schema.upsert(space, rows.schema.names), [(output, *row) for row in _values(rows)])

    def remove(self, space: VectorSpace, videos: Sequence[str]) -> None:
        """Delete all rows of videos."""
        query = sql.SQL("DELETE FROM {table} WHERE output_id = %s AND video_id = ANY(%s)").format(table=_table(space))
        with _asked("be written"), self._alone():
            self._connection.execute(query, [self._output, list(videos)])

    def settle(self, space: VectorSpace) -> None:
        """Do nothing: PostgreSQL keeps its search indexes up to date."""

    def by_text(self, space: VectorSpace, words: str, limit: int) -> list[FoundChunk]:
        """Return the chunks that hold one of the words or more, the best by `ts_rank` first."""
        return self._find(schema.by_text(space, FOUND_COLUMNS), {"words": _without_nul(words), "limit": limit})

    def by_vector(self, space: VectorSpace, vector: NDArray[np.float32], limit: int) -> list[FoundChunk]:
        """Return the chunks whose vectors are nearest by cosine, the nearest first."""
        with _asked("be searched"):
            for setting, value in schema.search_settings(limit).items():
                self._connection.execute("SELECT set_config(%s, %s, false)", [setting, value])
        return self._find(schema.by_vector(space, FOUND_COLUMNS), {"vector": vector, "limit": limit})

    def _find(self, query: sql.Composed, parameters: dict[str, object]) -> list[FoundChunk]:
        with _asked("be searched"), self._connection.cursor(row_factory=class_row(FoundChunk)) as cursor:
            return cursor.execute(query, {**parameters, "output": self._output}).fetchall()

    def _identify(self) -> str:
        if self._output is None:
            self._output = self._store.write_record_once(IDENTITY, OutputIdentity(id=uuid4().hex)).id
        return self._output

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one process write at a time; a process that goes, or its connection, gives the lock back."""
        self._connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            yield
        finally:
            if not self._connection.closed:
                self._connection.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _table(space: VectorSpace) -> sql.Identifier:
    return sql.Identifier(space.table)


def _values(rows: pa.Table) -> Iterator[tuple[object, ...]]:
    """Yield the rows as PostgreSQL takes them: a text holds no NUL."""
    plain = rows.drop_columns(["vector"]).to_pylist()
    vectors = np.asarray(rows["vector"].combine_chunks().flatten(), dtype=np.float32).reshape(rows.num_rows, -1)
    for row, vector in zip(plain, vectors, strict=True):
        values = {**row, "vector": vector}
        yield tuple(_without_nul(values[name]) for name in rows.schema.names)


def _without_nul(value: object) -> object:
    return value.replace("\0", "") if isinstance(value, str) else value


@contextmanager
def _asked(what: str) -> Iterator[None]:
    """Say in one sentence that the database refuses."""
    try:
        yield
    except psycopg.Error as error:
        raise OutputUnavailable(
            f"the PostgreSQL that the PG* variables lead to refuses to {what}: {_first_line(error)}; see to PGHOST, "
            "PGDATABASE, PGUSER and PGPASSWORD in the environment, in a pod through spec.output.credentialsSecretRef"
        ) from error


def _first_line(error: psycopg.Error) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
