"""What the real API server makes of a manifest: defaults, pruning, and refusals that name the field and the mend."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.cluster import Cluster
from dev.cluster.kubectl import ESTABLISHED
from dev.write_crds import CRDS
from tests.manifests import with_field

pytestmark = pytest.mark.long

EXAMPLES = CRDS.parent / "examples"

Manifest = dict[str, Any]

GOOD: Manifest = {
    "apiVersion": "ingestion.dev/v1alpha1",
    "kind": "IngestionRun",
    "metadata": {"name": "talks", "namespace": "default"},
    "spec": {
        "source": {"urls": ["https://example.org/feed.xml"], "limit": 20},
        "output": {"persistentVolumeClaim": {"claimName": "results"}},
        "workers": {"priorityClassName": "batch"},
    },
}


def with_spec(path: str, value: object) -> Manifest:
    """Return the good manifest with one field of its spec set, or removed where the value is None."""
    return with_field(GOOD, f"spec.{path}", value)


class Api:
    """kubectl against the cluster, as a user has it."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def kubectl(self, *arguments: str, given: Manifest | None = None) -> subprocess.CompletedProcess[str]:
        command = [str(self._cluster.kubectl), "--kubeconfig", str(self._cluster.kubeconfig), *arguments]
        return subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, timeout=30)

    def apply(self, manifest: Manifest) -> Manifest:
        done = self.kubectl("apply", "-f", "-", "-o", "json", given=manifest)
        assert done.returncode == 0, done.stderr
        applied: Manifest = json.loads(done.stdout)
        return applied

    def refusal(self, manifest: Manifest, *options: str) -> str:
        done = self.kubectl("apply", "--dry-run=server", *options, "-f", "-", given=manifest)
        assert done.returncode != 0, f"accepted: {manifest}"
        return done.stderr


@pytest.fixture(scope="module")
def api(cluster: Cluster) -> Iterator[Api]:
    api = Api(cluster)
    assert api.kubectl("apply", "-f", str(CRDS)).returncode == 0
    waited = api.kubectl("wait", ESTABLISHED, "crd/ingestionruns.ingestion.dev", "--timeout=20s")
    assert waited.returncode == 0, waited.stderr
    yield api
    api.kubectl("delete", "-f", str(CRDS), "--wait=false")


@pytest.fixture
def existing(api: Api) -> Iterator[Manifest]:
    yield api.apply(GOOD)
    api.kubectl("delete", "ir", "talks")


def new(manifest: Manifest) -> Manifest:
    return manifest | {"metadata": {"name": "another", "namespace": "default"}}


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_every_example_is_accepted(api: Api, example: Path) -> None:
    done = api.kubectl("apply", "--dry-run=server", "-f", str(example))

    assert done.returncode == 0, done.stderr


def test_the_smallest_manifest_gets_every_default(api: Api) -> None:
    spec = api.apply(new(GOOD))["spec"]
    api.kubectl("delete", "ir", "another")

    assert spec["workers"]["parallelism"] == {"initial": 1, "min": 1, "max": 8}
    assert spec["workers"]["resources"]["limits"] == {"nvidia.com/gpu": 1}
    assert spec["memory"] == {"targetPercent": 80, "recoveryAfterSeconds": 120, "allowSmallerComputeType": False}
    assert spec["transcription"]["models"][0] == {"languages": ["en"], "model": "distil-large-v3"}
    assert spec["suspend"] is False


def test_a_part_that_is_given_keeps_the_defaults_of_the_rest(api: Api) -> None:
    spec = api.apply(new(with_spec("workers.parallelism", {"initial": 4})))["spec"]
    api.kubectl("delete", "ir", "another")

    assert spec["workers"]["parallelism"] == {"initial": 4, "min": 1, "max": 8}


def test_unknown_fields_are_pruned_or_refused_as_the_user_asks(api: Api) -> None:
    manifest = new(with_spec("source.retries", 3))

    assert 'unknown field "spec.source.retries"' in api.refusal(manifest)
    done = api.kubectl("apply", "--validate=false", "--dry-run=server", "-o", "json", "-f", "-", given=manifest)
    assert "retries" not in json.loads(done.stdout)["spec"]["source"]


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("source", None, "spec.source: Required value"),
        ("source.urls", [], "spec.source.urls must name at least one URL that yt-dlp reads"),
        ("output", {}, "spec.output must set exactly one of uri and persistentVolumeClaim"),
        ("output", {"uri": "file:///results"}, "spec.output.uri must not be a file:// URL"),
        ("output", {"uri": "local:///results"}, "spec.output.uri must not be a file:// URL"),
        ("output", {"uri": "results"}, "spec.output.uri must be a URL that fsspec writes to"),
        ("output.uri", "s3://bucket/prefix", "spec.output must set exactly one of uri and persistentVolumeClaim"),
        ("output.persistentVolumeClaim.path", "../other", "must be a relative path without '..'"),
        (
            "workers.parallelism",
            {"min": 3, "initial": 2},
            "parallelism.min must not be above spec.workers.parallelism.",
        ),
        ("workers.parallelism", {"initial": 5, "max": 3}, "parallelism.initial must not be above spec.workers.parall"),
        ("memory.targetPercent", 120, "spec.memory.targetPercent in body should be less than or equal to 95"),
        (
            "objectives.minSuccessPercent",
            -1,
            "spec.objectives.minSuccessPercent in body should be greater than or equa",
        ),
        (
            "embedding.chunkTokens",
            2000,
            "spec.embedding.chunkTokens must not be above spec.embedding.maxSequenceLength",
        ),
        ("source.captions", "Sometimes", 'spec.source.captions: Unsupported value: "Sometimes"'),
    ],
)
def test_a_contradiction_is_refused_with_the_field_and_what_is_wanted(
    api: Api, path: str, value: object, sentence: str
) -> None:
    assert sentence in api.refusal(new(with_spec(path, value)))


@pytest.mark.parametrize("name", ["talks.2026", "a" * 53])
def test_a_name_from_which_no_pods_name_can_be_made_is_refused(api: Api, name: str) -> None:
    assert "metadata.name must" in api.refusal(GOOD | {"metadata": {"name": name, "namespace": "default"}})


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("source.urls", ["https://example.org/other.xml"], "spec.source.urls may not be changed"),
        ("source.limit", 30, "spec.source.limit may not be changed"),
        ("embedding.chunkTokens", 200, "spec.embedding.chunkTokens may not be changed"),
        ("output.persistentVolumeClaim.claimName", "other", "claimName may not be changed"),
        ("workers.videosPerShard", 5, "spec.workers.videosPerShard may not be changed"),
        ("workers.resources", {"limits": {"nvidia.com/gpu": 2}}, "spec.workers.resources.limits may not be changed"),
        ("memory.allowSmallerComputeType", True, "spec.memory.allowSmallerComputeType may not be changed"),
        ("source.videosPerHour", 300, "spec.source.videosPerHour may not be added or removed"),
        ("workers.runtimeClassName", "nvidia", "spec.workers.runtimeClassName may not be added or removed"),
        ("source.limit", None, "spec.source.limit may not be added or removed"),
        ("workers.priorityClassName", None, "spec.workers.priorityClassName may not be added or removed"),
        ("output", {"uri": "s3://bucket/prefix"}, "spec.output.persistentVolumeClaim may not be added or removed"),
    ],
)
@pytest.mark.usefixtures("existing")
def test_what_shapes_the_output_may_not_change_once_the_run_exists(
    api: Api, path: str, value: object, sentence: str
) -> None:
    assert sentence in api.refusal(with_spec(path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("suspend", True),
        ("workers.parallelism", {"initial": 2, "min": 2, "max": 3}),
        ("memory", {"targetPercent": 70, "recoveryAfterSeconds": 30}),
        ("objectives.minSuccessPercent", 99),
        ("ttlSecondsAfterFinished", 60),
        ("activeDeadlineSeconds", 3600),
    ],
)
@pytest.mark.usefixtures("existing")
def test_the_levers_may_change_at_any_time(api: Api, path: str, value: object) -> None:
    done = api.kubectl("apply", "--dry-run=server", "-f", "-", given=with_spec(path, value))

    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("existing")
def test_applying_twice_changes_nothing(api: Api) -> None:
    done = api.kubectl("apply", "-f", "-", given=GOOD)

    assert done.stdout.strip() == "ingestionrun.ingestion.dev/talks unchanged"


@pytest.mark.usefixtures("existing")
def test_the_short_name_lists_the_columns_of_a_glance(api: Api) -> None:
    header = api.kubectl("get", "ir").stdout.splitlines()[0]

    assert header.split() == ["NAME", "PROGRESS", "SUCCESS", "WORKERS", "MEMORY", "OOMS", "REASON", "AGE"]
