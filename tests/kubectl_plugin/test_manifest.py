"""What is wrong with a manifest is said by field, value and mend."""

import io
from pathlib import Path
from typing import Any

import pytest

from kubectl_ingest.manifest import read_manifests, validate
from kubectl_ingest.refusal import Refusal
from tests.manifests import with_field

GOOD: dict[str, Any] = {
    "apiVersion": "ingestion.dev/v1alpha1",
    "kind": "IngestionRun",
    "metadata": {"name": "talks"},
    "spec": {"source": {"urls": ["https://videos.example/list"]}, "output": {"uri": "s3://bucket/talks"}},
}


def manifest(path: str, value: object) -> dict[str, Any]:
    """The good manifest with one field set, or removed where the value is None."""
    return with_field(GOOD, path, value)


def refusal(wrong: dict[str, Any], namespace: str | None = None) -> list[str]:
    with pytest.raises(Refusal) as caught:
        validate(wrong, namespace, "default")
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("spec.memory.targetPercent", 99, "spec.memory.targetPercent is 99: write at most 95"),
        ("spec.source.limit", 0, "spec.source.limit is 0: write at least 1"),
        (
            "spec.source.captions",
            "prefer",
            "spec.source.captions is prefer: write 'Prefer', 'Only' or 'Ignore'",
        ),
        ("spec.source.languages", [], "spec.source.languages is []: give at least 1"),
        ("spec.source.urls", None, "spec.source.urls is missing: add it"),
        ("spec.output", None, "spec.output is missing: add it"),
        ("metadata", None, "metadata is missing: add it"),
        ("metadata.name", None, "metadata.name is missing: add it"),
        ("spec.source.urls", "https://a", "spec.source.urls is https://a: input should be a valid list"),
        (
            "spec.source.videosPerhour",
            3,
            "spec.source.videosPerhour is 3, but there is no such field: did you mean spec.source.videosPerHour?",
        ),
        (
            "spec.output.persistentVolumeClaim",
            {"claim": "results", "claimName": "results"},
            "spec.output.persistentVolumeClaim.claim is results, but there is no such field: "
            "did you mean spec.output.persistentVolumeClaim.claimName?",
        ),
        (
            "spec.transcription.models",
            [{"languages": ["en"], "model": "a", "modle": "b"}],
            "spec.transcription.models[0].modle is b, but there is no such field: "
            "did you mean spec.transcription.models[0].model?",
        ),
        ("spec.zzz", True, "spec.zzz is true, but there is no such field: remove it"),
        (
            "spec.workers.parallelism",
            {"initial": 2, "min": 3},
            "spec.workers.parallelism.min must not be above spec.workers.parallelism.initial; "
            "spec.workers.parallelism is {initial: 2, min: 3}",
        ),
        (
            "spec.workers.resources.limits",
            {"cpu": [1]},
            "spec.workers.resources.limits.cpu is [1]: input should be a valid string",
        ),
        ("apiVersion", "ingestion.dev/v1", "apiVersion is ingestion.dev/v1: write ingestion.dev/v1alpha1"),
        (
            "metadata.name",
            "Talks.2026",
            "metadata.name is Talks.2026: write lower-case letters, digits and dashes, no dash at either end",
        ),
        (
            "metadata.name",
            "a" * 53,
            f"metadata.name is {'a' * 53}, of 53 characters: write at most 52, so that the names of its Jobs' pods fit",
        ),
    ],
)
def test_a_wrong_field_is_named_with_its_value_and_the_mend(path: str, value: object, sentence: str) -> None:
    assert refusal(manifest(path, value)) == [sentence]


def test_every_wrong_field_has_a_line_of_its_own() -> None:
    wrong = manifest("spec.memory", {"targetPercent": 99, "recoveryAfterSeconds": 0})

    assert len(refusal(wrong)) == 2


def test_a_long_value_is_cut_and_gives_a_terminal_no_commands() -> None:
    [line] = refusal(manifest("spec.source.captions", "\x1b[31m" + "x" * 500))

    assert len(line) < 200
    assert "\x1b" not in line


def test_an_option_must_not_contradict_the_manifest() -> None:
    wrong = manifest("metadata.namespace", "media")

    assert refusal(wrong, "other") == [
        "metadata.namespace is media, but -n says other: leave one of the two out",
    ]


@pytest.mark.parametrize(
    ("own", "option", "found"),
    [("media", None, "media"), ("media", "media", "media"), (None, "other", "other"), (None, None, "default")],
)
def test_the_namespace_is_the_manifests_then_the_options_then_the_contexts(
    own: str | None, option: str | None, found: str
) -> None:
    given = manifest("metadata.namespace", own) if own else GOOD

    assert validate(given, option, "default").metadata.namespace == found


def test_the_runs_among_other_objects_are_read_from_the_standard_input() -> None:
    text = "kind: Namespace\n---\nkind: IngestionRun\nmetadata: {name: a}\n---\nkind: IngestionRun\n---\n"

    assert [found.get("metadata") for found in read_manifests("-", io.StringIO(text))] == [{"name": "a"}, None]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [", "is not YAML"),
        ("kind: Job", "holds no object with `kind: IngestionRun`: begin it with"),
        ("", "holds no object"),
        ("- a", "holds no object"),
    ],
)
def test_a_file_without_a_run_is_refused_with_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(text)

    with pytest.raises(Refusal, match=sentence):
        read_manifests(str(file), io.StringIO())


def test_a_file_that_is_not_there_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"nowhere\.yaml cannot be read: .*No such file"):
        read_manifests(str(tmp_path / "nowhere.yaml"), io.StringIO())
