"""What shaped a run, and the versions of what made it, as rows of a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ingestion_contract.spec import IngestionRunSpec
from ingestion_worker.report.records import RunRecords

DISTRIBUTION = "ingestion-operator"
LIBRARIES = ("faster-whisper", "ctranslate2", "torch", "sentence-transformers", "transformers", "yt-dlp", "av")
MOST_LENGTH = 300


def settings(spec: IngestionRunSpec | None) -> list[tuple[str, str]]:
    """Return the fields of the spec by their path, empty ones left out; secrets are only names in it anyway."""
    return [] if spec is None else [(path, text) for path, text in _rows("", spec.redacted().to_wire()) if text]


def models(records: RunRecords) -> list[tuple[str, str]]:
    """Return the models that made what is there, with the hub's commit where it is known."""
    speech = {
        _model(transcript.asr_model, transcript.asr_revision, transcript.asr_compute_type)
        for transcript in records.transcripts.values()
        if transcript.asr_model
    }
    vectors = {
        _model(one.embed_model, one.embed_revision, f"{one.embed_compute_type}, {one.dimension} numbers a vector")
        for one in records.manifests.values()
    }
    rows = [("speech recognition", name) for name in sorted(speech)]
    return rows + [("embedding", name) for name in sorted(vectors)]


def versions() -> list[tuple[str, str]]:
    """Return the versions of this program and of the libraries that matter, where they are installed."""
    return [(name, found) for name in (DISTRIBUTION, *LIBRARIES) if (found := _version(name))]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _model(name: str | None, revision: str | None, compute_type: str | None) -> str:
    return ", ".join(part for part in (name, revision and revision[:12], compute_type) if part)


def _rows(path: str, value: object) -> Iterable[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _rows(f"{path}.{key}" if path else str(key), item)
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for at, item in enumerate(value):
            yield from _rows(f"{path}[{at}]", item)
    else:
        yield path, _short(value)


def _short(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if isinstance(value, bool):
        return text.lower()
    return text if len(text) <= MOST_LENGTH else f"{text[:MOST_LENGTH]} …"
