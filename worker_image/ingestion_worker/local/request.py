"""From what a person typed to a run: a manifest or URLs, and options that override its fields."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ingestion_contract.spec import Captions, IngestionRun, IngestionRunSpec, TranscriptionComputeType, parse_run
from ingestion_worker.conclusion import ConfigurationError
from ingestion_worker.device.interface import ComputeDevice
from ingestion_worker.output.store import located
from ingestion_worker.steps.run_file import read_manifest, sentence

DEFAULT_OUTPUT = Path("ingested")
STAND_IN_CLAIM = "local"
"""A run of URLs has a claim for an output inside, for which the folder stands."""

_UID_DIGITS = 12


@dataclass(frozen=True)
class Options:
    """What overrides the fields of a run; None and empty override nothing."""

    limit: int | None = None
    captions: Captions | None = None
    languages: Sequence[str] = ()
    asr_model: str | None = None
    embed_model: str | None = None


@dataclass(frozen=True)
class Request:
    """A run without its uid, and where its output goes: an fsspec URL."""

    run: IngestionRun
    output: str


def from_file(path: Path, options: Options, output: str | None) -> Request:
    """Return what a manifest asks for, with the options in place of its fields.

    Raises:
        ConfigurationError: see `read_manifest`; an option has a wrong value; or the output is a claim, for which
            nothing stands.
    """
    run = read_manifest(path)
    uri = output or run.spec.output.uri
    if uri is None:
        raise ConfigurationError(
            f"the run file {path} has spec.output.persistentVolumeClaim, which is in a cluster: name the folder that "
            "stands for it with --output"
        )
    spec = _overridden(run.spec.to_wire(), options)
    metadata = {key: value for key, value in run.metadata.to_wire().items() if key != "uid"}
    return Request(_parse({"metadata": metadata, "spec": spec}), located(uri))


def from_urls(urls: Sequence[str], options: Options, output: str | None, compute: ComputeDevice) -> Request:
    """Return the run of some URLs, all else as in a manifest that says nothing of it.

    On a CPU the speech model computes in int8: float16, the default, is a GPU's.

    Raises:
        ConfigurationError: an option has a wrong value.
    """
    spec: dict[str, Any] = {
        "source": {"urls": list(urls)},
        "output": {"persistentVolumeClaim": {"claimName": STAND_IN_CLAIM}},
    }
    if compute == "cpu":
        spec["transcription"] = {"computeType": TranscriptionComputeType.INT8.value}
    spec = _overridden(spec, options)
    unnamed = _parse({"metadata": {"name": STAND_IN_CLAIM}, "spec": spec})
    name = f"local-{recipe(unnamed.spec)}"
    return Request(_parse({"metadata": {"name": name}, "spec": spec}), located(output or str(DEFAULT_OUTPUT)))


def recipe(spec: IngestionRunSpec) -> str:
    """Return 12 hex digits over all that shapes what a run makes: neither how fast, nor with how many workers."""
    smaller = {"allowSmallerComputeType": True} if spec.memory.allow_smaller_compute_type else {}
    shape = {
        **smaller,
        "source": spec.source.model_copy(update={"videos_per_hour": None, "cookies_secret_ref": None}).to_wire(),
        "transcription": spec.transcription.to_wire(),
        "embedding": spec.embedding.to_wire(),
    }
    return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()[:_UID_DIGITS]


def named_files(urls: Sequence[str]) -> tuple[list[str], list[Path]]:
    """Return URLs in place of the paths of files and folders that are here, and the folders that they are in."""
    found: list[str] = []
    folders: list[Path] = []
    for url in urls:
        path = _here(url)
        if path is None:
            found.append(url)
        else:
            found.append(f"file://{path}")
            folders.append(path if path.is_dir() else path.parent)
    return found, folders


def _here(url: str) -> Path | None:
    """Return the path of a file or folder that is here, None for what is no path, or none that can be."""
    try:
        path = Path(url).expanduser().absolute()
        return path if "://" not in url and path.exists() else None
    except (OSError, RuntimeError):  # a name that is too long, a home of nobody
        return None


def _overridden(spec: Mapping[str, Any], options: Options) -> dict[str, Any]:
    source: dict[str, Any] = {
        "limit": options.limit,
        "captions": options.captions,
        "languages": list(options.languages) or None,
    }
    models = options.asr_model and [{"languages": ["*"], "model": options.asr_model}]
    parts: dict[str, dict[str, Any]] = {
        "source": source,
        "transcription": {"models": models},
        "embedding": {"model": options.embed_model},
    }
    changed = dict(spec)
    for part, fields in parts.items():
        changed[part] = {**changed.get(part, {}), **{name: value for name, value in fields.items() if value}}
    return changed


def _parse(manifest: object) -> IngestionRun:
    try:
        return parse_run(manifest)
    except ValidationError as error:
        raise ConfigurationError(f"the run is not valid: {sentence(error)}") from error
