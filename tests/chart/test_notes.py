"""What Helm tells after an installation."""

from pathlib import Path
from typing import Any

import yaml

from dev.write_chart import CHART
from ingestion_contract.spec import parse_run
from tests.chart.kit import NAMESPACE, RELEASE, copy_of_the_chart, render


def notes(folder: Path, values: dict[str, Any] | None = None) -> str:
    """Render the notes as a manifest: without a cluster, Helm prints manifests only."""
    text = (CHART / "templates" / "NOTES.txt").read_text(encoding="utf-8")
    files = {
        "templates/_notes.tpl": f'{{{{- define "notes" -}}}}\n{text}{{{{- end -}}}}',
        "templates/notes.yaml": 'kind: Notes\ntext: {{ include "notes" . | quote }}\n',
    }
    return str(render(values, copy_of_the_chart(folder, files)).one("Notes")["text"])


def test_they_say_what_is_served_and_what_to_do_next(tmp_path: Path) -> None:
    said = notes(tmp_path)

    assert "serves all namespaces" in said
    assert f"kubectl -n {NAMESPACE} rollout status deployment/{RELEASE}" in said
    assert f"helm test {RELEASE} -n {NAMESPACE}" in said
    assert "kubectl apply -n default" in said
    assert "leaves the CustomResourceDefinition and every IngestionRun" in said


def test_the_run_that_they_show_is_one_that_the_api_takes(tmp_path: Path) -> None:
    manifest = notes(tmp_path).split("<<EOF\n", 1)[1].split("EOF", 1)[0]

    assert parse_run(yaml.safe_load(manifest)).spec.source.limit == 10


def test_they_warn_of_what_the_values_bring_with_them(tmp_path: Path) -> None:
    said = notes(
        tmp_path,
        {"namespaces": ["a", "b"], "levers": "frozen", "crds": {"keep": False}, "rbac": {"create": False}},
    )

    assert "serves the namespaces a, b." in said
    assert "kubectl apply -n a " in said
    assert "frozen" in said
    assert "WARNING: `helm uninstall` deletes" in said
    assert "No role was created" in said
