"""A mistake in the values is refused with the name of the field."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.helm.command import HelmRefused, helm
from dev.write_chart import CHART
from tests.chart.kit import copy_of_the_chart, render


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"replicas": 2}, "'replicas' not allowed"),
        ({"image": {"tagg": "1"}}, "/image.*'tagg' not allowed"),
        ({"image": {"pullPolicy": "Sometimes"}}, "/image/pullPolicy"),
        ({"image": {"digest": "latest"}}, "/image/digest"),
        ({"workerImage": "worker:1"}, "/workerImage.*got string, want object"),
        ({"namespaces": "talks"}, "/namespaces.*got string, want array"),
        ({"namespaces": ["Talks*"]}, "/namespaces/0"),
        ({"workerFsGroup": 0}, "/workerFsGroup.*minimum"),
        ({"allowNetworks": ["10.0.0.1"]}, "/allowNetworks/0"),
        ({"scrapeIntervalSeconds": 0.1}, "/scrapeIntervalSeconds.*minimum"),
        ({"levers": "off"}, "/levers.*'adapt', 'frozen'"),
        ({"logLevel": "chatty"}, "/logLevel"),
        ({"logFormat": "xml"}, "/logFormat"),
        ({"metrics": {"port": 0}}, "/metrics/port"),
        ({"crds": {"enabled": "yes"}}, "/crds/enabled.*want boolean"),
        ({"monitoring": {"podMonitor": {"interval": "often"}}}, "/monitoring/podMonitor/interval"),
        ({"imagePullSecrets": ["pull"]}, "/imagePullSecrets/0"),
        ({"commonLabels": {"cost": 7}}, "/commonLabels/cost.*want string"),
    ],
)
def test_a_mistake_is_named(values: dict[str, Any], told: str) -> None:
    with pytest.raises(HelmRefused, match=told):
        render(values)


def objects_of(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if "properties" in schema:
        yield path, schema
    for name, inner in schema.get("properties", {}).items():
        yield from objects_of(inner, f"{path}.{name}")
    if "items" in schema:
        yield from objects_of(schema["items"], f"{path}[]")


def test_the_schema_is_strict_everywhere_and_knows_every_value() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))

    for path, found in objects_of(schema):
        assert found["additionalProperties"] is False, path
    assert set(schema["properties"]) - {"global"} == set(values)


def test_the_chart_may_be_part_of_another(tmp_path: Path) -> None:
    parent = tmp_path / "parent"
    (parent / "charts").mkdir(parents=True)
    (parent / "Chart.yaml").write_text("{apiVersion: v2, name: parent, version: 1.0.0}", encoding="utf-8")
    copy_of_the_chart(parent / "charts", {})
    values = {"global": {"region": "north"}, "ingestion-operator": {"levers": "frozen"}}

    assert "--levers=frozen" in helm("template", "us", parent, "--kube-version", "1.36.0", values=values)


def test_an_older_kubernetes_is_refused() -> None:
    with pytest.raises(HelmRefused, match=r"requires kubeVersion: >=1\.34"):
        helm("template", "x", CHART, "--kube-version", "1.33.4")
