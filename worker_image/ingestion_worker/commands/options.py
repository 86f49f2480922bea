"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ingestion_contract import pod
from ingestion_worker.conclusion import ConfigurationError
from ingestion_worker.source.addresses import AddressRules

Run = Annotated[
    Path,
    typer.Option(help="The IngestionRun as JSON, with metadata.uid: `kubectl get ir NAME -o json` prints one."),
]
Output = Annotated[
    str, typer.Option("--output", "-o", help="Root of the output: a folder, or an fsspec URL as s3://bucket/prefix.")
]
TerminationMessage = Annotated[
    Path, typer.Option(help="File for the summary, a JSON of at most 4 KiB; written only if it exists already.")
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log details, too.")]
AllowNetworks = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-network",
        envvar=pod.ALLOW_NETWORKS,
        help="A network as CIDR that may be asked for videos, though it is not public; repeat for several.",
    ),
]
AllowFolders = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-folder",
        envvar=pod.ALLOW_FOLDERS,
        help="A folder below which file:// URLs may be read; repeat for several. Default: none.",
    ),
]


def address_rules(networks: list[str] | None, folders: list[str] | None) -> AddressRules:
    """Return which addresses may be asked.

    Raises:
        ConfigurationError: one is no network, or a folder's path is not absolute.
    """
    try:
        return AddressRules.parse(networks or (), folders or ())
    except ValueError as error:
        raise ConfigurationError(f"--allow-network, --allow-folder: {error}") from error


def cookies() -> Path | None:
    """Return the cookies.txt that is mounted, or None."""
    file = Path(pod.COOKIES_FILE)
    return file if file.exists() else None
