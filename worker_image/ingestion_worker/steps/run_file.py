"""Reads the run's manifest: what `kubectl apply -f` takes, and what the operator mounts into a pod."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ingestion_contract import identity
from ingestion_contract.spec import IngestionRun, parse_run
from ingestion_worker.conclusion import ConfigurationError

_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


def read_run(path: Path) -> IngestionRun:
    """Read the manifest of a run that the cluster knows: with its uid.

    Raises:
        ConfigurationError: see `read_manifest`, or there is no metadata.uid.
    """
    run = read_manifest(path)
    if not run.metadata.uid:
        raise ConfigurationError(f"the run file {path} has no metadata.uid, under which the run's records are kept")
    return run


def read_manifest(path: Path) -> IngestionRun:
    """Read the manifest of a run from a YAML or JSON file, and hold it to what the API server would.

    Raises:
        ConfigurationError: the file is missing, is neither, or is not a run; the message names what is wrong.
    """
    document = _load(path)
    if isinstance(document, Mapping):
        _check_kind(path, document)
    try:
        run = parse_run(document)
    except ValidationError as error:
        raise ConfigurationError(f"the run file {path} is not a valid run: {sentence(error)}") from error
    _check_name(path, run.metadata.name)
    return run


def sentence(error: ValidationError) -> str:
    """Return what is wrong with a manifest: each field by its name, at most five of them."""
    details = error.errors(include_url=False)
    return "; ".join(f"{'.'.join(map(str, detail['loc'])) or 'run'}: {detail['msg']}" for detail in details[:5])


def _load(path: Path) -> object:
    try:
        documents = _documents(path.read_text())
    except OSError as error:
        raise ConfigurationError(f"the run file {path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"the run file {path} is neither YAML nor JSON: {' '.join(str(error).split())}"
        ) from error
    if len(documents) > 1:
        raise ConfigurationError(
            f"the run file {path} holds {len(documents)} documents: leave the one of kind {identity.KIND}"
        )
    return documents[0] if documents else None


def _documents(text: str) -> list[object]:
    """Return the documents of a file. JSON first: not all of it is YAML, which knows no keys above 1,024 characters."""
    try:
        return [json.loads(text)]
    except ValueError:
        return [one for one in yaml.load_all(text, Loader=_Loader) if one is not None]


def _check_kind(path: Path, document: Mapping[Any, Any]) -> None:
    for field, wanted in (("apiVersion", identity.API_VERSION), ("kind", identity.KIND)):
        found = document.get(field, wanted)
        if found != wanted:
            raise ConfigurationError(f"the run file {path} has {field} {found!r}: it must be {wanted}")


def _check_name(path: Path, name: str) -> None:
    if len(name) > identity.MAX_RUN_NAME_LENGTH or not _DNS_LABEL.fullmatch(name):
        raise ConfigurationError(
            f"the run file {path} has metadata.name {name!r}: it must have at most {identity.MAX_RUN_NAME_LENGTH} "
            "characters, lower-case letters, digits and '-', and begin and end with a letter or digit"
        )


class _Loader(yaml.SafeLoader):
    """YAML without dates: Kubernetes knows none, and a timestamp in metadata is text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
