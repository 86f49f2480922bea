"""What `helm template` makes of the chart, as data."""

from __future__ import annotations

import shutil
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dev.cluster.binary import KUBERNETES_VERSION
from dev.helm.command import helm
from dev.write_chart import CHART

RELEASE = "ingestion-operator"
NAMESPACE = "operators"

Object = dict[str, Any]


class StrictLoader(yaml.SafeLoader):
    """Refuses a key that stands twice in a mapping, as the API server does."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        repeated = {key for key in keys if keys.count(key) > 1}
        if repeated:
            raise ValueError(f"{sorted(repeated)} stands twice in a mapping{node.start_mark}")
        return super().construct_mapping(node, deep)


@dataclass(frozen=True)
class Rendered:
    text: str
    objects: list[Object] = field(default_factory=list)

    def one(self, kind: str) -> Object:
        (found,) = self.all(kind)
        return found

    def all(self, kind: str) -> list[Object]:
        return [found for found in self.objects if found["kind"] == kind]

    def kinds(self) -> set[str]:
        return {found["kind"] for found in self.objects}

    def container(self) -> dict[str, Any]:
        (container,) = self.one("Deployment")["spec"]["template"]["spec"]["containers"]
        return dict(container)


def render(values: dict[str, Any] | None = None, chart: Path = CHART, release: str = RELEASE) -> Rendered:
    version = KUBERNETES_VERSION
    text = helm("template", release, chart, "--namespace", NAMESPACE, "--kube-version", version, values=values or {})
    loaded = yaml.load_all(text, Loader=StrictLoader)
    return Rendered(text, [found for found in loaded if found is not None])


def copy_of_the_chart(folder: Path, files: dict[str, str]) -> Path:
    """Copy the chart, and write files into the copy."""
    chart = folder / "ingestion-operator"
    shutil.copytree(CHART, chart)
    for name, text in files.items():
        path = chart / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return chart
