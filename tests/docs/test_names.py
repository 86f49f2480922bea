"""Every name that the documentation quotes is the name of something: fields, values, metrics, labels, files."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dev.write_chart import CHART, values
from ingestion_contract import identity, metrics
from ingestion_contract.crd import custom_resource_definition
from ingestion_operator.telemetry import names
from ingestion_operator.telemetry.names import Kind
from tests.docs.kit import PAGES, ROOT, code, tokens

Schema = Mapping[str, Any]

RUN: Schema = custom_resource_definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
OF_A_POD = {"status.podIP"}
"""Paths that are another object's."""
MISTAKES = {"spec.source.videosPerhour"}
"""What docs/kubectl-plugin.md shows as a mistake."""
VALUES = {value.name for value in values((CHART / "values.yaml").read_text(encoding="utf-8"))}
LABELS = {value for name, value in vars(identity).items() if name.endswith(("_LABEL", "_ANNOTATION"))}
FOLDERS = ("tests", "dev", "docs", "examples", "gitops", "monitoring", "operator", "worker_image", "contract", "crds")
PACKAGES = ("operator/ingestion_operator", "worker_image/ingestion_worker", "contract", ".")
"""Below which a path is read, since the pages of a part leave out where it lies."""


def series() -> Iterator[str]:
    """Yield the names under which metrics are stored."""
    yield from (str(value) for name, value in vars(metrics).items() if name.isupper() and isinstance(value, str))
    for metric in (*names.OF_OPERATOR, *names.OF_RUNS):
        suffixes = ("", "_bucket", "_count", "_sum") if metric.kind is Kind.HISTOGRAM else ("",)
        yield from (f"{metric.name}{suffix}" for suffix in suffixes)


SERIES = set(series())


def is_field(path: str) -> bool:
    """Return whether a run has the field, named as in `spec.source.urls`, of lists and maps of any key."""
    node = RUN
    for part in path.split("."):
        node = node.get("items", node)
        inner = node.get("properties", {}).get(part) or node.get("additionalProperties")
        if not isinstance(inner, Mapping):
            return False
        node = inner
    return True


def inlines(text: str) -> list[str]:
    """Return what stands in the sentences of a text as code."""
    return [token.content for token in tokens(text) if token.type == "code_inline"]


def unknown_fields(text: str) -> list[str]:
    found = [
        path for part in code(text) for path in re.findall(r"(?<![\w./])\.?((?:spec|status)(?:\.[A-Za-z]+)+)", part)
    ]
    return [path for path in found if path not in OF_A_POD | MISTAKES and not is_field(path)]


def unknown_values(text: str) -> list[str]:
    """Return what a text sets of the chart, or names as a value of it, and the chart does not know."""
    of_chart = "|".join(sorted({name.partition(".")[0] for name in VALUES if "." in name} - {"metrics", "image"}))
    named = [name for part in inlines(text) for name in re.findall(rf"^((?:{of_chart})(?:\.[A-Za-z]+)+)\b", part)]
    named += [name for part in code(text) for name in re.findall(r"--set(?:-json|-string)? '?([\w.]+)=", part)]
    return [name for name in named if name not in VALUES]


def unknown_metrics(text: str) -> list[str]:
    parts = (re.sub(r"[\w/.-]*/[\w/.-]*", "", part) for part in code(text))
    found = [name for part in parts for name in re.findall(r"(?<!\w)ingestion_[a-z_]+\b(?![.])", part)]
    return [name for name in found if name not in SERIES]


def unknown_labels(text: str) -> list[str]:
    found = [label for part in code(text) for label in re.findall(r"-l (ingestion\.dev/[\w-]+)", part)]
    return [label for label in found if label not in LABELS]


def missing_files(text: str) -> list[str]:
    """Return the paths of this repository that a text names in its sentences, and that are not there."""
    paths = [part for part in inlines(text) if re.fullmatch(r"[\w.-]+(/[\w.-]+)+/?", part)]
    ours = [path for path in paths if path.partition("/")[0] in FOLDERS or path.endswith(".py")]
    return [path for path in ours if not any((ROOT / package / path).exists() for package in PACKAGES)]


CHECKS = [unknown_fields, unknown_values, unknown_metrics, unknown_labels, missing_files]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_names_are_of_what_is_there(page: Path, check: Callable[[str], list[str]]) -> None:
    assert check(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("check", "text", "found"),
    [
        (unknown_fields, "`spec.source.limits`, `spec.source.limit` and `{.status.memory.oomSum}`", 2),
        (unknown_values, "`monitoring.podMonitors.enabled`, `rbac.create`, `--set levels=7`", 2),
        (unknown_metrics, "`ingestion_video_total`, `ingestion_videos_total`, `contract/ingestion_contract/pod.py`", 1),
        (unknown_labels, "`kubectl get pods -l ingestion.dev/runs=x`", 1),
        (missing_files, "`tests/docs/test_nothing.py`, `apply/ownership.py`, `nvidia.com/gpu`", 1),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_name_of_nothing_is_found(check: Callable[[str], list[str]], text: str, found: int) -> None:
    assert len(check(text)) == found
