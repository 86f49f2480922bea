"""`ingest index`."""

from __future__ import annotations

from typing import Annotated

import typer

from ingestion_contract.spec import IndexType
from ingestion_worker.commands.options import Output
from ingestion_worker.commands.plainly import plainly
from ingestion_worker.output.store import Store

IndexKind = Annotated[
    IndexType,
    typer.Option(
        "--type",
        help="LanceDB: beside the output, below index/. PGVector: the PostgreSQL that PGHOST and the like lead to.",
    ),
]


def index(
    output: Output,
    kind: IndexKind = IndexType.LANCEDB,
    name: Annotated[
        list[str] | None,
        typer.Option(help="Only what the latest run of this name lists; repeat for several. Default: of every name."),
    ] = None,
) -> None:
    """Bring the index up to date with the output, as `finish` does at the end of a run; only differences are written.

    Exit codes: 0 done; 1 the output or the database does not serve now; 64 the index cannot be there.
    """
    with plainly():
        from ingestion_worker.index.backends import open_index
        from ingestion_worker.index.refresh import refresh

        store = Store(output)
        with open_index(kind, store) as opened:
            counts = refresh(opened, store, name or ())
    typer.echo(
        f"The index holds {counts.videos} videos in {counts.rows} chunks: {counts.written} videos written, "
        f"{counts.removed} removed." + (f" {counts.damaged} are damaged and left out." if counts.damaged else "")
    )
