"""A run file is what the API server takes, as YAML or JSON."""

import json
from pathlib import Path

import pytest

from ingestion_worker.conclusion import ConfigurationError
from ingestion_worker.steps.run_file import read_manifest, read_run

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.yaml"))

MANIFEST = """
apiVersion: ingestion.dev/v1alpha1
kind: IngestionRun
metadata: {name: talks, creationTimestamp: 2026-03-14T09:26:53Z, labels: {a: b}}
spec:
  source: {urls: ["https://example.org/list"]}
  output: {uri: "s3://bucket/prefix"}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.yaml"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_read(example: Path) -> None:
    assert read_manifest(example).spec.source.urls


def test_json_is_read_as_well(file: Path) -> None:
    file.write_text(MANIFEST)
    run = read_manifest(file)
    file.write_text(json.dumps({"metadata": {"name": "talks"}, "spec": run.spec.to_wire()}))
    assert read_manifest(file).spec == run.spec


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("ingestion.dev/v1alpha1", "batch/v1", "has apiVersion 'batch/v1': it must be ingestion.dev/v1alpha1"),
        ("IngestionRun", "Job", "has kind 'Job': it must be IngestionRun"),
        ("name: talks", "name: Talks", "metadata.name 'Talks'"),
        ("name: talks", "name: a.b", "metadata.name 'a.b'"),
        ("name: talks", f"name: {'a' * 53}", "at most 52 characters"),
        ("urls:", "url:", "source.url"),
        ("spec:", "---\nspec:", "holds 2 documents"),
        ("spec:", "spec: {", "neither YAML nor JSON"),
    ],
)
def test_what_the_api_server_would_refuse_is_refused_in_one_sentence(file: Path, old: str, new: str, says: str) -> None:
    file.write_text(MANIFEST.replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        read_manifest(file)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_in_a_pod_there_must_be_a_uid(file: Path) -> None:
    file.write_text(MANIFEST)
    with pytest.raises(ConfigurationError, match=r"no metadata\.uid"):
        read_run(file)
