"""The tables and queries of the index in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

from ingestion_worker.index.entries import VectorSpace

SPACES = "ingestion_spaces"
"""Table of the embedders, each with the table of its chunks."""

LIST_SPACES = "SELECT model, dimension FROM ingestion_spaces"

PGVECTOR = (0, 8)
"""The extension's version from which on an approximate search goes on until it has enough rows of one output."""

HNSW_DIMENSIONS = 2000
"""pgvector indexes vectors of 32-bit floats up to here, by its README ..."""

HALF_DIMENSIONS = 4000
"""... and of 16-bit floats up to here. Longer ones are compared one by one."""

LANGUAGE = "english"
"""PostgreSQL's text search configuration: how words are reduced to their stems."""


def create(space: VectorSpace) -> list[sql.Composed]:
    """Return the statements that make what a table needs, where it is missing."""
    table, dimension = sql.Identifier(space.table), sql.Literal(space.dimension)
    statements = [
        sql.SQL(
            "CREATE TABLE IF NOT EXISTS {spaces} "
            "(name text PRIMARY KEY, model text NOT NULL, dimension integer NOT NULL)"
        ).format(spaces=sql.Identifier(SPACES)),
        sql.SQL(
            "CREATE TABLE IF NOT EXISTS {table} ("
            "output_id text NOT NULL, video_id text NOT NULL, chunk_index integer NOT NULL, "
            'start double precision NOT NULL, "end" double precision NOT NULL, text text NOT NULL, '
            "language text NOT NULL, source text NOT NULL, video_key text NOT NULL, transcript_key text NOT NULL, "
            "title text NOT NULL, url text NOT NULL, vector vector({dimension}) NOT NULL, "
            "words tsvector GENERATED ALWAYS AS (to_tsvector({language}, text)) STORED, "
            "PRIMARY KEY (output_id, video_id, chunk_index))"
        ).format(table=table, dimension=dimension, language=sql.Literal(LANGUAGE)),
        sql.SQL("INSERT INTO {spaces} VALUES ({name}, {model}, {dimension}) ON CONFLICT DO NOTHING").format(
            spaces=sql.Identifier(SPACES),
            name=sql.Literal(space.table),
            model=sql.Literal(space.model),
            dimension=dimension,
        ),
        sql.SQL("CREATE INDEX IF NOT EXISTS {name} ON {table} USING gin (words)").format(
            name=sql.Identifier(f"{space.table}_words"), table=table
        ),
    ]
    if space.dimension <= HALF_DIMENSIONS:
        kind = "vector_cosine_ops" if space.dimension <= HNSW_DIMENSIONS else "halfvec_cosine_ops"
        statements.append(
            sql.SQL("CREATE INDEX IF NOT EXISTS {name} ON {table} USING hnsw (({vector}) {kind})").format(
                name=sql.Identifier(f"{space.table}_vector"), table=table, vector=_vector(space), kind=sql.SQL(kind)
            )
        )
    return statements


def upsert(space: VectorSpace, columns: Sequence[str]) -> sql.Composed:
    """Return the statement that writes a row, of `output_id` and these columns, over an earlier one of its key."""
    changed = [name for name in columns if name not in ("video_id", "chunk_index")]
    return sql.SQL(
        "INSERT INTO {table} (output_id, {columns}) VALUES (%s, {places}) "
        "ON CONFLICT (output_id, video_id, chunk_index) DO UPDATE SET {changes}"
    ).format(
        table=sql.Identifier(space.table),
        columns=_listed(columns),
        places=sql.SQL(", ").join(sql.Placeholder() * len(columns)),
        changes=sql.SQL(", ").join(
            sql.SQL("{name} = EXCLUDED.{name}").format(name=sql.Identifier(name)) for name in changed
        ),
    )


def by_text(space: VectorSpace, columns: Sequence[str]) -> sql.Composed:
    """Return the query for the chunks with one of the `words`; those that hold more of them, and closer, come first."""
    return sql.SQL(
        "WITH asked AS (SELECT replace(plainto_tsquery({language}, %(words)s)::text, ' & ', ' | ')::tsquery AS any) "
        "SELECT {columns} FROM {table}, asked WHERE output_id = %(output)s AND words @@ asked.any "
        "ORDER BY ts_rank(words, asked.any, 1) DESC, video_id, chunk_index LIMIT %(limit)s"
    ).format(language=sql.Literal(LANGUAGE), columns=_listed(columns), table=sql.Identifier(space.table))


def by_vector(space: VectorSpace, columns: Sequence[str]) -> sql.Composed:
    """Return the query for the chunks that are nearest to `vector` by cosine."""
    wanted = sql.SQL("halfvec({dimension})") if _halved(space) else sql.SQL("vector({dimension})")
    return sql.SQL(
        "SELECT {columns} FROM {table} WHERE output_id = %(output)s "
        "ORDER BY ({vector}) <=> %(vector)s::{wanted} LIMIT %(limit)s"
    ).format(
        columns=_listed(columns),
        table=sql.Identifier(space.table),
        vector=_vector(space),
        wanted=wanted.format(dimension=sql.Literal(space.dimension)),
    )


def search_settings(limit: int) -> dict[str, str]:
    """Return pgvector's settings that let an approximate search find `limit` rows of one output among others'."""
    return {"hnsw.ef_search": str(min(1000, max(100, limit))), "hnsw.iterative_scan": "strict_order"}


def _halved(space: VectorSpace) -> bool:
    return HNSW_DIMENSIONS < space.dimension <= HALF_DIMENSIONS


def _vector(space: VectorSpace) -> sql.Composable:
    """Return the expression that the vectors are indexed by, which a query must repeat."""
    if not _halved(space):
        return sql.SQL("vector")
    return sql.SQL("vector::halfvec({dimension})").format(dimension=sql.Literal(space.dimension))


def _listed(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(name) for name in columns)
