"""What the chart makes is what Kubernetes' own API description allows."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from dev.helm import KUBECONFORM
from dev.kubernetes_schemas import LOCATION, write_schemas
from tests.chart.kit import render

# Kinds of the Prometheus operator, which are not Kubernetes' own.
NOT_HERE = "ServiceMonitor,PodMonitor,PrometheusRule"

EVERYTHING: dict[str, Any] = {
    "commonLabels": {"team": "media"},
    "commonAnnotations": {"cost": "7"},
    "namespaces": ["a", "b"],
    "imagePullSecrets": [{"name": "pull"}],
    "env": [{"name": "https_proxy", "value": "http://proxy.example.org:3128"}],
    "priorityClassName": "high",
    "nodeSelector": {"pool": "system"},
    "tolerations": [{"key": "system", "operator": "Exists"}],
    "podDisruptionBudget": {"enabled": True},
    "networkPolicy": {"enabled": True, "scrapers": [{"podSelector": {}}]},
    "metrics": {"enabled": True},
    "monitoring": {"dashboards": {"enabled": True}, "grafanaAlerts": {"enabled": True}},
}


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("schemas")
    write_schemas(folder)
    return folder


def judged(manifests: str, schemas: Path) -> tuple[int, str]:
    command: list[str | Path] = [KUBECONFORM.executable(), "-strict", "-summary", "-skip", NOT_HERE, "-schema-location"]
    done = subprocess.run([*command, schemas / LOCATION], input=manifests, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_every_object_is_valid(values: dict[str, Any], schemas: Path) -> None:
    code, said = judged(render(values).text, schemas)

    assert code == 0, said
    assert "Invalid: 0, Errors: 0" in said


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [("serviceAccountName:", "serviceAcountName:", "serviceAcountName"), ("replicas: 1", "replicas: one", "replicas")],
)
def test_a_field_that_kubernetes_does_not_know_is_found(right: str, wrong: str, told: str, schemas: Path) -> None:
    code, said = judged(render().text.replace(right, wrong), schemas)

    assert code == 1
    assert told in said
