"""What shaped a run, and the versions of what made it, as rows of a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ingestion_contract.spec import IngestionRunSpec
from ingestion_worker.report.tally import ModelUse, Tally

DISTRIBUTION = "ingestion-operator"
LIBRARIES = ("faster-whisper", "ctranslate2", "torch", "sentence-transformers", "transformers", "yt-dlp", "av")
MOST_LENGTH = 300


def settings(spec: IngestionRunSpec | None) -> list[tuple[str, str]]:
    """Return the fields of the spec by their path, empty ones left out; secrets are only names in it anyway."""
    return [] if spec is None else [(path, text) for path, text in _rows("", spec.redacted().to_wire()) if text]


def models(tally: Tally) -> list[tuple[str, str]]:
    """Return the models that made what is there, with the hub's commit where it is known."""
    kinds = (("speech recognition", tally.speech_models), ("embedding", tally.embedders))
    return [(kind, name) for kind, used in kinds for name in sorted({*map(_model, used)})]


def versions() -> list[tuple[str, str]]:
    """Return the versions of this program and of the libraries that matter, where they are installed."""
    return [(name, found) for name in (DISTRIBUTION, *LIBRARIES) if (found := _version(name))]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _model(use: ModelUse) -> str:
    return ", ".join(part for part in (use.name, use.revision and use.revision[:12], use.details) if part)


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
