"""The rules between fields hold without an API server too: a worker reads the same manifest."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from ingestion_contract.spec import IngestionRun, parse_run


def manifest(**spec: Any) -> dict[str, Any]:
    whole = {"source": {"urls": ["https://example.org/feed.xml"]}, "output": {"uri": "s3://bucket/prefix"}}
    return {
        "apiVersion": "ingestion.dev/v1alpha1",
        "kind": "IngestionRun",
        "metadata": {"name": "talks"},
        "spec": whole | spec,
    }


def test_the_smallest_manifest_gets_every_default() -> None:
    run = parse_run(manifest())

    assert run.spec.workers.parallelism.initial == 1
    assert run.spec.memory.target_percent == 80
    assert run.spec.transcription.models[0].model == "distil-large-v3"
    assert run.spec.embedding.model == "Alibaba-NLP/gte-Qwen2-1.5B-instruct"


def test_what_was_read_is_written_again_the_same() -> None:
    run = parse_run(manifest(suspend=True, workers={"parallelism": {"initial": 4, "min": 2, "max": 6}}))

    assert IngestionRun.from_wire(run.to_wire()) == run


OUTPUT = {"uri": "s3://bucket/prefix"}
SOURCE = {"urls": ["https://example.org/feed.xml"]}


@pytest.mark.parametrize("name", ["other/secret", "../secret", "other.namespace:secret", "a b", "$(NAME)", ""])
@pytest.mark.parametrize(
    "spec",
    [
        {"output": {**OUTPUT, "credentialsSecretRef": {"name": "NAME"}}},
        {"source": {**SOURCE, "cookiesSecretRef": {"name": "NAME", "key": "cookies.txt"}}},
        {"output": {"persistentVolumeClaim": {"claimName": "NAME"}}},
        {"workers": {"modelCache": {"persistentVolumeClaim": {"claimName": "NAME"}}}},
        {"workers": {"priorityClassName": "NAME"}},
        {"workers": {"runtimeClassName": "NAME"}},
    ],
    ids=["credentials", "cookies", "output", "models", "priority", "runtime"],
)
def test_no_name_leads_out_of_the_namespace(spec: dict[str, Any], name: str) -> None:
    parse_run(manifest(**json.loads(json.dumps(spec).replace("NAME", "name"))))
    with pytest.raises(ValidationError, match=r"at least 1 character|match pattern"):
        parse_run(manifest(**json.loads(json.dumps(spec).replace("NAME", name))))


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({"source": {"urls": []}}, "spec.source.urls must name at least one URL"),
        ({"output": {}}, "exactly one of uri and persistentVolumeClaim"),
        ({"output": {"uri": "file:///results"}}, "spec.output.uri must not be a file:// URL"),
        ({"output": {"uri": "local:///results"}}, "spec.output.uri must not be a file:// URL"),
        ({"output": {"uri": "results"}}, "spec.output.uri must be a URL that fsspec writes to"),
        ({"output": {"uri": "s3:bucket"}}, "spec.output.uri must be a URL that fsspec writes to"),
        ({"output": {"persistentVolumeClaim": {"claimName": "c", "path": "../other"}}}, "relative path without '..'"),
        ({"workers": {"parallelism": {"initial": 2, "min": 3}}}, "parallelism.min must not be above"),
        ({"workers": {"parallelism": {"initial": 9}}}, "parallelism.initial must not be above"),
        ({"embedding": {"chunkTokens": 2000}}, "chunkTokens must not be above"),
        ({"memory": {"targetPercent": 101}}, "less than or equal to 95"),
        ({"retries": 3}, "Extra inputs are not permitted"),
    ],
)
def test_a_contradiction_is_refused_with_a_sentence(spec: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence.replace(".", r"\.")):
        parse_run(manifest(**spec))
