"""From what a person types to a run."""

from pathlib import Path

import pytest

from ingestion_contract import layout
from ingestion_contract.spec import Captions
from ingestion_contract.summary import FinishSummary
from ingestion_worker.conclusion import ConfigurationError
from ingestion_worker.local.identity import with_uid
from ingestion_worker.local.request import Options, from_file, from_urls, named_files, recipe
from ingestion_worker.output.store import Store

URLS = ["https://example.org/list"]
MANIFEST = """
metadata: {name: talks}
spec:
  source: {urls: ["https://example.org/list"], limit: 5, languages: [de]}
  output: OUTPUT
  workers: {parallelism: {initial: 4}}
"""


def manifest(folder: Path, output: str) -> Path:
    path = folder / "run.yaml"
    path.write_text(MANIFEST.replace("OUTPUT", output))
    return path


def test_urls_alone_make_a_run_with_all_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    request = from_urls(URLS, Options(), None, "cuda")
    assert request.output == f"file://{tmp_path}/ingested"
    assert request.run.spec.source.urls == URLS
    assert request.run.spec.transcription.compute_type == "float16"
    assert from_urls(URLS, Options(), None, "cpu").run.spec.transcription.compute_type == "int8"


def test_options_come_before_the_fields_of_a_manifest(tmp_path: Path) -> None:
    file = manifest(tmp_path, '{uri: "s3://bucket/prefix"}')
    plain = from_file(file, Options(), None)
    assert (plain.output, plain.run.spec.source.limit) == ("s3://bucket/prefix", 5)
    options = Options(
        limit=2, captions=Captions.ONLY, languages=["en", "fr"], asr_model="tiny", embed_model="small-embedder"
    )
    changed = from_file(file, options, str(tmp_path / "out"))
    assert changed.output == f"file://{tmp_path}/out"
    spec = changed.run.spec
    assert (spec.source.limit, spec.source.captions, spec.source.languages) == (2, "Only", ["en", "fr"])
    assert [(one.model, one.languages) for one in spec.transcription.models] == [("tiny", ["*"])]
    assert spec.embedding.model == "small-embedder"
    assert spec.workers.parallelism.initial == 4


def test_a_claim_needs_a_folder_that_stands_for_it(tmp_path: Path) -> None:
    file = manifest(tmp_path, "{persistentVolumeClaim: {claimName: results}}")
    with pytest.raises(ConfigurationError, match="--output"):
        from_file(file, Options(), None)
    assert from_file(file, Options(), "out").output.endswith("/out")


def test_an_option_that_the_api_would_refuse_is_refused_by_its_name() -> None:
    with pytest.raises(ConfigurationError, match=r"spec\.source\.limit"):
        from_urls(URLS, Options(limit=1_000_000), None, "cpu")


def test_only_what_shapes_the_output_makes_another_run(tmp_path: Path) -> None:
    spec = from_urls(URLS, Options(), None, "cpu").run.spec
    workers = spec.workers.model_copy(update={"videos_per_shard": 3})
    same = spec.model_copy(update={"workers": workers, "source": spec.source.model_copy(update={"videos_per_hour": 7})})
    assert recipe(same) == recipe(spec)
    assert recipe(from_urls(URLS, Options(limit=3), None, "cpu").run.spec) != recipe(spec)
    assert recipe(from_urls(URLS, Options(embed_model="other"), None, "cpu").run.spec) != recipe(spec)
    smaller = spec.memory.model_copy(update={"allow_smaller_compute_type": True})
    assert recipe(spec.model_copy(update={"memory": smaller})) != recipe(spec)


def test_an_unfinished_run_goes_on_and_after_a_finished_one_the_next_begins(tmp_path: Path) -> None:
    store = Store(f"file://{tmp_path}")
    run = from_urls(URLS, Options(), None, "cpu").run
    first = with_uid(run, store).metadata.uid
    assert first == f"local-{recipe(run.spec)}-1"
    assert with_uid(run, store).metadata.uid == first
    store.write_record(layout.result(first), FinishSummary(total=1, succeeded=1, failed=0, skipped=0))
    assert with_uid(run, store).metadata.uid == f"local-{recipe(run.spec)}-2"


def test_a_path_that_is_here_is_a_file_whose_folder_may_be_read(tmp_path: Path) -> None:
    (tmp_path / "talk.mp3").touch()
    urls, folders = named_files([str(tmp_path / "talk.mp3"), "https://example.org/x", "nothing-here"])
    assert urls == [f"file://{tmp_path}/talk.mp3", "https://example.org/x", "nothing-here"]
    assert folders == [tmp_path]


@pytest.mark.parametrize("argument", ["x" * 256, "~nobody-of-this-name/talk.mp3", "a\0b", "file:///nowhere/talk.mp3"])
def test_what_can_be_no_path_is_taken_as_a_url(argument: str) -> None:
    assert named_files([argument]) == ([argument], [])


def test_the_uid_of_a_manifest_from_a_cluster_is_not_that_of_the_local_run(tmp_path: Path) -> None:
    file = manifest(tmp_path, '{uri: "memory://out"}')
    file.write_text(file.read_text().replace("{name: talks}", "{name: talks, uid: of-the-cluster}"))
    assert from_file(file, Options(), None).run.metadata.uid == ""
