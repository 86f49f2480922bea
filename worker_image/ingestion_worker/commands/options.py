"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ingestion_contract import pod

Run = Annotated[
    Path,
    typer.Option(help="The IngestionRun as JSON, with metadata.uid: `kubectl get ir NAME -o json` prints one."),
]
Output = Annotated[
    str, typer.Option(help="Root of the output, an fsspec URL: file:///data/out, s3://bucket/prefix, ...")
]
TerminationMessage = Annotated[
    Path, typer.Option(help="File for the summary, a JSON of at most 4 KiB; written only if it exists already.")
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log details, too.")]


def cookies() -> Path | None:
    """Return the cookies.txt that is mounted, or None."""
    file = Path(pod.COOKIES_FILE)
    return file if file.exists() else None
