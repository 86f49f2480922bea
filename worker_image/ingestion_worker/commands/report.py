"""`ingest report`."""

from __future__ import annotations

from typing import Annotated

import typer

from ingestion_worker.commands.options import Output
from ingestion_worker.commands.plainly import plainly
from ingestion_worker.output.store import Store
from ingestion_worker.text.words import printable

LATEST = "latest"


def report(
    output: Output,
    run_uid: Annotated[str, typer.Option(help="Which run: its metadata.uid, or `latest`.")] = LATEST,
) -> None:
    """Write the report of a run, one page of HTML, and print where it is.

    Exit codes: 0 written; 1 the output does not serve now; 64 there is no such run.
    """
    with plainly():
        from ingestion_worker.local.summary import local_path
        from ingestion_worker.report import write
        from ingestion_worker.report.records import latest

        store = Store(output)
        path = write(store, latest(store) if run_uid == LATEST else run_uid)
    typer.echo(printable(local_path(f"{store.uri}/{path}")))
