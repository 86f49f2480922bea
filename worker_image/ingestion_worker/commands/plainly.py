"""How a command that a person types ends when it cannot do its work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from ingestion_worker.conclusion import StepError
from ingestion_worker.text.words import printable


@contextmanager
def plainly() -> Iterator[None]:
    """End the command with the sentence of a StepError on stderr, and its exit code."""
    try:
        yield
    except StepError as error:
        typer.echo(printable(str(error)), err=True)
        raise typer.Exit(int(error.code)) from error
