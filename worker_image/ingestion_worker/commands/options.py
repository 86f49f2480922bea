"""Options that several commands share."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from ingestion_contract import pod
from ingestion_worker.conclusion import ConfigurationError
from ingestion_worker.source.addresses import AddressRules
from ingestion_worker.source.cookies import read_jar
from ingestion_worker.text.hidden import hide

log = logging.getLogger(__name__)

_FORMAT = "a cookie has seven fields with tabs between them, in Netscape's format"

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
    """Return the cookies.txt that is mounted, or None. From then on, no text has a value of its cookies.

    Raises:
        ConfigurationError: it holds none, but something else.
    """
    file = Path(pod.COOKIES_FILE)
    if not file.exists():
        return None
    try:
        jar = read_jar(file.read_text())
    except ValueError as error:
        raise ConfigurationError(f"spec.source.cookiesSecretRef names no cookies.txt: {error}") from error
    hide(jar.values)
    if jar.passed_over and not jar.values:
        raise ConfigurationError(f"spec.source.cookiesSecretRef names no cookies.txt: {_FORMAT}")
    if jar.passed_over:
        lines = ", ".join(map(str, jar.passed_over))
        log.warning("lines of the Secret of spec.source.cookiesSecretRef are passed over: %s; %s", lines, _FORMAT)
    return file
