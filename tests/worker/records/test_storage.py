"""The output's storage: any scheme of fsspec, any path, full or torn, and two writers at once."""

import errno
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from dev.sample_media.server import SampleServer
from ingestion_contract import layout
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.metrics import Result, Stage
from ingestion_contract.records import Outcome, VideoManifest
from ingestion_contract.summary import FinishSummary
from ingestion_worker.conclusion import OutputUnavailable
from ingestion_worker.memory.residency import Residency
from ingestion_worker.output.keys import video_key
from ingestion_worker.output.store import Store
from ingestion_worker.steps.finish import finish
from tests.worker.support.http_source import Answer, HttpSource
from tests.worker.support.in_process import Bench
from tests.worker.support.runs import UID, run_of
from tests.worker.support.stand_ins import install

RUN = run_of(["http://unused"], source={"captions": "Ignore"}, output={"index": {"type": "None"}})


class FullStorage(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Storage without room for files whose name ends so: half of such a file is written."""

    protocol = "full"
    store: dict[str, Any] = {}  # noqa: RUF012 - fsspec's own way
    refused: str = ""

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        if self.refused and path.endswith(self.refused):
            super().pipe_file(path, value[: len(value) // 2])
            raise OSError(errno.ENOSPC, "No space left on device", path)
        super().pipe_file(path, value)


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> type[FullStorage]:
    fsspec.register_implementation("full", FullStorage, clobber=True)
    monkeypatch.setattr(FullStorage, "store", {})
    monkeypatch.setattr(FullStorage, "refused", "")
    return FullStorage


def count(store: Store) -> FinishSummary:
    summary = finish(RUN, store).summary
    assert isinstance(summary, FinishSummary)
    return summary


def test_object_storage_holds_a_whole_run(bench: Bench, sample: SampleServer) -> None:
    bench.store = Store(f"memory://bucket{bench.root}/prefix/")
    video = bench.list([f"{sample.url}/watch/sample-001.html"])[0]
    assert bench.work(RUN).code is ExitCode.DONE
    assert count(bench.store).succeeded == 1
    manifest = bench.store.read_record(layout.manifest(video_key(video, RUN.spec)), VideoManifest)
    assert manifest is not None
    assert all(bench.store.read(file.path) is not None for file in manifest.files)


def test_a_root_is_a_path_and_never_a_pattern(tmp_path: Path) -> None:
    store = Store(f"file://{tmp_path}/run[1]?*")
    store.write("there.json", b"{}")
    store.write_record("record.json", FinishSummary(total=1, succeeded=1, failed=0, skipped=0))
    assert store.read("there.json") == b"{}"
    assert list(store.read_records(["record.json", "missing.json"], FinishSummary)) == ["record.json"]


def test_what_cannot_be_read_is_not_taken_for_missing(tmp_path: Path) -> None:
    (tmp_path / "record.json").mkdir()
    with pytest.raises(OutputUnavailable, match=r"refuses to read record\.json"):
        Store(f"file://{tmp_path}").read_records(["record.json"], FinishSummary)


@pytest.mark.parametrize("refused", ["transcript.jsonl", "chunks.parquet", "manifest.json"])
def test_a_full_disk_ends_the_worker_and_counts_nothing_that_is_half_there(
    bench: Bench, sample: SampleServer, full: type[FullStorage], monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    bench.store = Store("full://output")
    bench.list([f"{sample.url}/watch/sample-001.html"])
    monkeypatch.setattr(full, "refused", refused)
    with pytest.raises(OutputUnavailable, match=rf"{refused}: .*No space left on device.*free space") as caught:
        bench.work(RUN)
    assert caught.value.code is ExitCode.FAILURE
    assert count(bench.store).reasons == {"NotProcessed": 1}
    monkeypatch.setattr(full, "refused", "")
    assert bench.work(RUN).code is ExitCode.DONE
    assert count(bench.store).succeeded == 1


def test_killed_between_manifest_and_outcome_it_goes_on_without_doing_it_again(
    bench: Bench, sample: SampleServer, full: type[FullStorage], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.store = Store("full://output")
    video = bench.list([f"{sample.url}/watch/sample-001.html"])[0]
    key = video_key(video, RUN.spec)
    monkeypatch.setattr(full, "refused", f"outcomes/{key}.json")
    with pytest.raises(OutputUnavailable):
        bench.work(RUN)
    monkeypatch.setattr(full, "refused", "")
    made = bench.store.read_record(layout.manifest(key), VideoManifest)
    assert count(bench.store).succeeded == 1, "the manifest is what counts"
    assert bench.work(RUN).code is ExitCode.DONE
    assert bench.store.read_record(layout.manifest(key), VideoManifest) == made
    outcome = bench.store.read_record(layout.outcome(UID, key), Outcome)
    assert outcome is not None
    assert outcome.result is Result.SUCCEEDED


def test_of_two_workers_of_one_shard_one_that_fails_does_not_hide_the_others_success(
    bench: Bench, sample: SampleServer, source: HttpSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = fetch(f"{sample.url}/media/sample-001.opus")
    url = source.set("/clip.opus", Answer(clip, kind="audio/ogg"))
    video = bench.list([url])[0]
    ensure = Residency.ensure

    def overtaken(residency: Residency, stage: Stage) -> None:
        monkeypatch.setattr(Residency, "ensure", ensure)
        assert Bench(bench.root).work(RUN).code is ExitCode.DONE
        source.set("/clip.opus", Answer(status=410))
        ensure(residency, stage)

    monkeypatch.setattr(Residency, "ensure", overtaken)
    assert bench.work(RUN).code is ExitCode.DONE
    outcome = bench.store.read_record(layout.outcome(UID, video_key(video, RUN.spec)), Outcome)
    assert outcome is not None
    assert outcome.result is Result.SUCCEEDED


def fetch(url: str) -> bytes:
    with urlopen(url, timeout=10) as answer:
        body: bytes = answer.read()
    return body


def test_of_two_workers_of_one_shard_the_first_manifest_stays_whole(
    bench: Bench, sample: SampleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = bench.list([f"{sample.url}/watch/sample-001.html"])[0]
    path = layout.manifest(video_key(video, RUN.spec))
    made: list[VideoManifest | None] = []

    def overtaken(seconds: float) -> None:
        monkeypatch.undo()
        install(monkeypatch)
        assert Bench(bench.root).work(RUN).code is ExitCode.DONE
        made.append(bench.store.read_record(path, VideoManifest))

    monkeypatch.setattr(bench.metrics, "count_audio", overtaken)
    assert bench.work(RUN).code is ExitCode.DONE
    assert made[0] is not None
    assert bench.store.read_record(path, VideoManifest) == made[0]
    assert count(bench.store).succeeded == 1
