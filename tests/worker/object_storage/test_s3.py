"""An output in object storage: a real S3 client against a server that speaks S3."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dev.sample_media.server import SampleServer
from ingestion_contract import layout
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.metrics import Result
from ingestion_contract.records import Outcome, RunRecord, VideoManifest
from ingestion_contract.spec import IndexType
from ingestion_contract.summary import FinishSummary
from ingestion_worker.commands import app
from ingestion_worker.conclusion import ConfigurationError, OutputUnavailable
from ingestion_worker.index import lance_storage
from ingestion_worker.index.backends import open_index
from ingestion_worker.index.counts import IndexCounts
from ingestion_worker.index.refresh import refresh
from ingestion_worker.output import transcripts, video_list
from ingestion_worker.output.keys import video_key
from ingestion_worker.output.store import Store
from ingestion_worker.steps.finish import finish
from tests.worker.index.kit import BREAD, SHIPS, Library
from tests.worker.support.in_process import Bench
from tests.worker.support.runs import UID, run_of


def test_files_are_written_read_and_listed(output: str) -> None:
    store = Store(output)
    assert store.list("records") == store.folders("records") == []
    store.write("records/a b+c%20[1].json", b"{}")
    store.write("records/below/d.json", b"")
    assert store.list("records") == ["records/a b+c%20[1].json", "records/below"]
    assert store.list("records/below") == ["records/below/d.json"]
    assert store.folders("records") == ["below"]
    assert store.read("records/a b+c%20[1].json") == b"{}"
    assert store.read_many(["records/missing.json", "records/below/d.json"]) == [None, b""]


def test_what_another_process_wrote_is_seen_at_once(output: str) -> None:
    store = Store(output)
    assert store.list("records") == []
    Store(output).write("records/new.json", b"{}")
    assert store.list("records") == ["records/new.json"]


def test_a_bucket_that_is_not_there_is_no_empty_output(s3: str, output: str) -> None:
    assert s3
    store = Store("s3://no-such-bucket/prefix")
    with pytest.raises(OutputUnavailable, match=r"refuses to write run\.json.*credentialsSecretRef"):
        store.write("run.json", b"{}")
    assert Store(output).read("run.json") is None


def test_a_whole_run_lies_in_object_storage_with_its_index(bench: Bench, sample: SampleServer, output: str) -> None:
    run = run_of(["http://unused"], source={"captions": "Prefer"}, output={"uri": output})
    bench.store = Store(output)
    record = RunRecord(name="test", namespace="default", uid=UID, created_at="2026-01-01T00:00:00Z")
    bench.store.write_record(layout.run_record(UID), record)
    videos = bench.list([f"{sample.url}/watch/sample-{number:03d}.html" for number in (1, 4)])
    assert bench.work(run).code is ExitCode.DONE
    summary = finish(run, bench.store).summary
    assert isinstance(summary, FinishSummary)
    assert summary.succeeded == 2
    assert video_list.read(Store(output), UID) is not None
    for video in videos:
        manifest = bench.store.read_record(layout.manifest(video_key(video, run.spec)), VideoManifest)
        assert manifest is not None
        assert transcripts.load(bench.store, manifest.transcript_key) is not None
        outcome = bench.store.read_record(layout.outcome(UID, manifest.key), Outcome)
        assert outcome is not None
        assert outcome.result is Result.SUCCEEDED
    made = kept_files(bench.store)
    assert bench.work(run).code is ExitCode.DONE
    assert kept_files(bench.store) == made, "what is there is not done again: each attempt would have a folder"
    with open_index(IndexType.LANCEDB, bench.store) as index:
        assert refresh(index, bench.store) == IndexCounts(videos=2, rows=2)


def kept_files(store: Store) -> dict[str, bytes | None]:
    """Transcripts and videos, with what their manifests say: when they were made, among others."""
    paths = [*files_below(store, "transcripts"), *files_below(store, "videos")]
    return dict(zip(paths, store.read_many(paths), strict=True))


def files_below(store: Store, folder: str) -> Iterator[str]:
    """The paths of all files below a folder."""
    folders = [f"{folder}/{name}" for name in store.folders(folder)]
    yield from (path for path in store.list(folder) if path not in folders)
    for deeper in folders:
        yield from files_below(store, deeper)


def test_the_index_lies_beside_the_output_and_follows_it(output: str) -> None:
    library = Library(Store(output))
    library.run("talks", {"bread": BREAD, "ships": SHIPS})
    runner = CliRunner()
    done = runner.invoke(app, ["index", "--output", output])
    assert done.stdout == "The index holds 2 videos in 4 chunks: 2 videos written, 0 removed.\n"
    assert library.store.folders("index") == ["lancedb"]
    found = runner.invoke(app, ["search", "sailors", "--output", output, "--mode", "text", "--json"])
    assert [hit["text"] for hit in json.loads(found.stdout)] == [SHIPS[2]]
    library.run("talks", {"bread": BREAD}, day=1)
    done = runner.invoke(app, ["index", "--output", output])
    assert done.stdout == "The index holds 1 videos in 2 chunks: 0 videos written, 1 removed.\n"


def test_an_endpoint_for_s3_alone_leads_there_too(output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", os.environ["AWS_ENDPOINT_URL"])
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    library = Library(Store(output))
    library.run("talks", {"bread": BREAD})
    with open_index(IndexType.LANCEDB, library.store) as index:
        assert refresh(index, library.store).videos == 1


@pytest.mark.parametrize(
    ("environment", "options"),
    [
        ({}, {}),
        ({"AWS_ENDPOINT_URL": "https://s3.example"}, {"endpoint": "https://s3.example", "allow_http": "false"}),
        (
            {"AWS_ENDPOINT_URL": "https://all.example", "AWS_ENDPOINT_URL_S3": "http://s3.example"},
            {"endpoint": "http://s3.example", "allow_http": "true"},
        ),
    ],
)
def test_lancedb_is_told_what_it_does_not_read_itself(environment: dict[str, str], options: dict[str, str]) -> None:
    assert lance_storage.options("s3://bucket/index", environment) == options
    assert lance_storage.options("/data/index", environment) == {}


def test_storage_that_lancedb_does_not_know_is_refused_with_what_would_do(tmp_path: Path) -> None:
    store = Store(f"memory://bucket{tmp_path}")
    with pytest.raises(ConfigurationError, match=r"set spec\.output\.index\.type to PGVector or None"):
        lance_storage.address(store)
