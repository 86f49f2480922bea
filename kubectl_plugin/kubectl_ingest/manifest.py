"""Reads manifests as a user writes them, and says in a sentence what is wrong with one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TextIO

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ingestion_contract import identity
from ingestion_contract.spec import IngestionRun, parse_run
from kubectl_ingest.refusal import Refusal
from kubectl_ingest.words import printable

_VALUE_SHOWN = 80
_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


def read_manifests(file: str, standard_input: TextIO) -> list[dict[str, Any]]:
    """Return the IngestionRuns that a file of YAML or JSON holds, as plain data; other kinds are passed over.

    Args:
        file: its path; `-` is the standard input.
        standard_input: what is read for `-`.

    Raises:
        Refusal: it cannot be read, or holds none.
    """
    try:
        text = standard_input.read() if file == "-" else Path(file).read_text()
        documents = list(yaml.safe_load_all(text))
    except (OSError, UnicodeDecodeError) as problem:
        raise Refusal(f"{file} cannot be read: {problem}") from problem
    except yaml.YAMLError as problem:
        raise Refusal(f"{file} is not YAML: {printable(str(problem))}") from problem
    found = [item for item in documents if isinstance(item, dict) and item.get("kind") == identity.KIND]
    if not found:
        raise Refusal(
            f"{file} holds no object with `kind: {identity.KIND}`: begin it with "
            f"`apiVersion: {identity.API_VERSION}` and `kind: {identity.KIND}`"
        )
    return found


def validate(manifest: Mapping[str, Any], namespace: str | None, default_namespace: str) -> IngestionRun:
    """Read a manifest with the operator's own types.

    Args:
        manifest: plain data.
        namespace: what the user asks for, if anything; it must not contradict the manifest.
        default_namespace: for a manifest that names none.

    Raises:
        Refusal: says of every wrong field its path, its value and the mend, a line each.
    """
    complaints = list(_complaints(manifest, namespace))
    try:
        run = parse_run(manifest)
    except ValidationError as problem:
        # The alternatives of a union complain one by one of the same value.
        complaints += {
            _locate(error["loc"], manifest)[0]: _sentence(error, manifest) for error in problem.errors()
        }.values()
        run = None
    if complaints or run is None:
        raise Refusal("\n".join(complaints))
    own = (manifest["metadata"] or {}).get("namespace")
    metadata = run.metadata.model_copy(update={"namespace": own or namespace or default_namespace})
    return run.model_copy(update={"metadata": metadata})


def _complaints(manifest: Mapping[str, Any], namespace: str | None) -> Iterator[str]:
    """Yield what the API server would refuse, and the types do not see."""
    version = manifest.get("apiVersion")
    if version != identity.API_VERSION:
        yield f"apiVersion is {_shown(version)}: write {identity.API_VERSION}"
    metadata = manifest.get("metadata")
    if not isinstance(metadata, dict):
        return
    name, own = metadata.get("name"), metadata.get("namespace")
    if isinstance(name, str) and len(name) > identity.MAX_RUN_NAME_LENGTH:
        yield (
            f"metadata.name is {_shown(name)}, of {len(name)} characters: write at most "
            f"{identity.MAX_RUN_NAME_LENGTH}, so that the names of its Jobs' pods fit"
        )
    elif isinstance(name, str) and not _DNS_LABEL.fullmatch(name):
        yield f"metadata.name is {_shown(name)}: write lower-case letters, digits and dashes, no dash at either end"
    if own is not None and namespace is not None and own != namespace:
        yield f"metadata.namespace is {_shown(own)}, but -n says {_shown(namespace)}: leave one of the two out"


def _sentence(error: ErrorDetails, manifest: Mapping[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    path, parent = _locate(error["loc"], manifest)
    if kind == "value_error":
        return f"{context['error']}; {path} is {_shown(error['input'])}"
    if kind == "missing":
        return f"{path} is missing: add it"
    if kind == "extra_forbidden":
        return f"{path} is {_shown(error['input'])}, but there is no such field: {_instead(path, parent)}"
    return f"{path} is {_shown(error['input'])}: {_wanted(error)}"


def _wanted(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    match error["type"]:
        case "greater_than_equal":
            return f"write at least {context['ge']}"
        case "less_than_equal":
            return f"write at most {context['le']}"
        case "enum":
            return f"write {context['expected']}"
        case "too_short":
            return f"give at least {context['min_length']}"
        case "too_long":
            return f"give at most {context['max_length']}"
        case _:
            message = error["msg"]
            return message[0].lower() + message[1:]


def _locate(location: tuple[int | str, ...], manifest: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return the path of a complaint, without pydantic's marks of a union, and the names of the fields above it."""
    path, node = "", manifest
    names: list[str] = []
    for position, part in enumerate(location):
        inside = isinstance(node, list) if isinstance(part, int) else isinstance(node, dict)
        if not inside:
            break
        path += f"[{part}]" if isinstance(part, int) else f"{'.' if path else ''}{part}"
        if position < len(location) - 1:
            names.append(str(part))
        node = node[part] if isinstance(part, int) else node.get(part)  # type: ignore[index, assignment]
    return path or "the manifest", tuple(names)


def _instead(path: str, parents: tuple[str, ...]) -> str:
    name = path.rsplit(".", 1)[-1]
    above = path.rpartition(".")[0]
    close = get_close_matches(name, _fields(parents), n=1)
    return f"did you mean {above}.{close[0]}?" if close else "remove it"


def _fields(parents: tuple[str, ...]) -> list[str]:
    """Return the names of the fields of the type at a path."""
    schema: dict[str, Any] = IngestionRun.model_json_schema(by_alias=True)
    node = schema
    for part in parents:
        node = node["items"] if "items" in node else node["properties"][part]
        options = [node, *node.get("anyOf", [])]
        reference = next((option["$ref"] for option in options if "$ref" in option), None)
        if reference is not None:
            node = schema["$defs"][reference.rsplit("/", 1)[-1]]
    return list(node.get("properties", {}))


def _shown(value: object) -> str:
    text = printable(yaml.safe_dump(value, default_flow_style=True, width=10_000).removesuffix("...\n").strip())
    return text if len(text) <= _VALUE_SHOWN else f"{text[:_VALUE_SHOWN]}..."
