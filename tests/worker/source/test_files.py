"""Videos that are files: on a disk below a folder that is allowed, and in object storage."""

import errno
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path, PosixPath
from typing import Any
from uuid import uuid4

import pytest
from fsspec.implementations.local import LocalFileSystem
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem

from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.metrics import Result
from ingestion_contract.records import Video
from ingestion_contract.spec import Source
from ingestion_worker.conclusion import ConfigurationError, SourceUnavailable
from ingestion_worker.media.errors import MediaError
from ingestion_worker.source import storage
from ingestion_worker.source.addresses import AddressRefused, AddressRules
from ingestion_worker.source.allowance import Allowance, FetchLimits
from ingestion_worker.source.failures import Deferred, Failure, StorageUnavailable, Verdict, classify
from ingestion_worker.source.fetch import FetchedAudio, Fetcher
from ingestion_worker.source.listing import list_videos
from ingestion_worker.steps.discover import discover
from tests.worker.support.http_source import HttpSource
from tests.worker.support.in_process import Bench
from tests.worker.support.media import silence
from tests.worker.support.runs import run_of

pytestmark = pytest.mark.usefixtures("quick_retries")

NAMES = ("b.mp4", "a.opus", "notes.txt", "more/c.webm", "more/deep/d.MP3", "[1] 100% #2.flac")


@pytest.fixture
def talks(tmp_path: Path) -> Path:
    """A folder with media, and one file that is none."""
    folder = tmp_path / "talks"
    for name in NAMES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


@pytest.fixture
def rules(talks: Path) -> AddressRules:
    return AddressRules(folders=(talks,))


def names(videos: list[Video], root: str) -> list[str]:
    return [video.url.removeprefix(f"{root}/") for video in videos]


def fetch(
    video: Video, scratch: Path, rules: AddressRules, limits: FetchLimits | None = None, captions: str = "Prefer"
) -> FetchedAudio:
    source = Source.from_wire({"urls": ["http://unused"], "captions": captions})
    fetched = Fetcher(source, scratch, None, rules, limits or FetchLimits()).fetch(video)
    assert isinstance(fetched, FetchedAudio)
    return fetched


def test_a_folder_is_its_media_files_in_the_order_of_their_paths(talks: Path, rules: AddressRules) -> None:
    videos = list_videos([f"file://{talks}/"], None, None, rules)
    assert names(videos, f"file://{talks}") == ["[1] 100% #2.flac", "a.opus", "b.mp4", "more/c.webm", "more/deep/d.MP3"]
    assert len({video.id for video in videos}) == 5
    assert [video.title for video in videos] == ["[1] 100% #2", "a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.mp4", ["b.mp4"]),
        ("*", ["[1] 100% #2.flac", "a.opus", "b.mp4", "notes.txt"]),
        ("**/*.[mw]*", ["b.mp4", "more/c.webm"]),
        ("more/*/d.*", ["more/deep/d.MP3"]),
        ("[1] 100% #2.flac", ["[1] 100% #2.flac"]),
        ("notes.txt", ["notes.txt"]),
    ],
)
def test_a_pattern_is_what_matches_and_a_name_is_itself(
    talks: Path, rules: AddressRules, pattern: str, found: list[str]
) -> None:
    assert names(list_videos([f"file://{talks}/{pattern}"], None, None, rules), f"file://{talks}") == found


def test_order_limit_and_doubles_span_all_urls(source: HttpSource, talks: Path, rules: AddressRules) -> None:
    web = f"{source.url}/talk.html"
    both = AddressRules.parse(["127.0.0.1/32"], [str(talks)])
    urls = [f"file://{talks}/more", source.feed([web]), f"file://{talks}", f"file://{talks}/b.mp4"]
    everything = list_videos(urls, None, None, both)
    assert [video.url.rpartition("/")[2] for video in everything] == [
        "c.webm",
        "d.MP3",
        "talk.html",
        "[1] 100% #2.flac",
        "a.opus",
        "b.mp4",
    ]
    assert list_videos(urls, 4, None, both) == everything[:4]


def test_a_file_is_fetched_without_a_copy_and_what_removes_the_fetched_one_leaves_it(
    talks: Path, rules: AddressRules, tmp_path: Path
) -> None:
    for video in list_videos([f"file://{talks}"], None, None, rules):
        fetched = fetch(video, tmp_path, rules)
        moved = fetched.path.rename(tmp_path / "moved")
        assert moved.read_text() == video.url.removeprefix(f"file://{talks}/")
        moved.unlink()
    assert (talks / "a.opus").exists()


def test_a_file_goes_all_the_way(bench: Bench, talks: Path, rules: AddressRules) -> None:
    silence(talks / "a.opus", 5)
    bench.setting = replace(bench.setting, rules=rules)
    run = run_of([f"file://{talks}/a.opus"])
    assert discover(run, bench.store, None, rules).code is ExitCode.DONE
    assert bench.work(run).code is ExitCode.DONE
    assert bench.sample("ingestion_videos_total", result=Result.SUCCEEDED, reason="") == 1
    assert (talks / "a.opus").exists()


def test_captions_only_skips_files(talks: Path, rules: AddressRules, tmp_path: Path) -> None:
    (video,) = list_videos([f"file://{talks}/a.opus"], None, None, rules)
    with pytest.raises(MediaError) as caught:
        fetch(video, tmp_path, rules, captions="Only")
    assert caught.value.reason == "NoCaptions"


def test_a_files_version_changes_with_it_and_what_has_changed_since_is_left_to_a_later_run(
    talks: Path, rules: AddressRules, tmp_path: Path
) -> None:
    url = f"file://{talks}/a.opus"
    before = list_videos([url], None, None, rules)
    assert list_videos([url], None, None, rules) == before
    os.utime(talks / "a.opus", (1, 1))
    after = list_videos([url], None, None, rules)
    assert after[0].id == before[0].id
    assert after[0].version != before[0].version
    with pytest.raises(Deferred) as caught:
        fetch(before[0], tmp_path, rules)
    assert classify(caught.value) == Failure(Verdict.DEFERRED, "Changed")


def test_files_are_read_only_below_folders_that_are_allowed(talks: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"below no folder that is allowed.*--allow-folder"):
        list_videos([f"file://{talks}"], None, None, AddressRules())
    rules = AddressRules(folders=(talks / "more",))
    for url in (f"file://{talks}/a.opus", f"file://{talks}/*.opus", f"file://{talks}/more/../a.opus", "file:///etc"):
        with pytest.raises(ConfigurationError, match="--allow-folder"):
            list_videos([url], None, None, rules)
    with pytest.raises(AddressRefused, match="--allow-folder"):
        fetch(Video(id="file:x", url=f"file://{talks}/a.opus"), tmp_path, rules)


def test_links_do_not_lead_out_of_a_folder_nor_in_circles(talks: Path, rules: AddressRules, tmp_path: Path) -> None:
    secret = tmp_path / "secret.mp4"
    secret.write_text("secret")
    (talks / "link.mp4").symlink_to(secret)
    (talks / "more" / "circle").symlink_to(talks)
    (talks / "away").symlink_to(tmp_path)
    videos = list_videos([f"file://{talks}", f"file://{talks}/**/*.mp4"], None, None, rules)
    assert len(videos) == 6
    (link,) = [video for video in videos if video.url.endswith("link.mp4")]
    with pytest.raises(AddressRefused, match=r"link\.mp4, which leads to .*secret\.mp4, is below no folder"):
        fetch(link, tmp_path, rules)
    with pytest.raises(ConfigurationError, match="--allow-folder"):
        list_videos([f"file://{talks}/away/secret.mp4"], None, None, rules)


def test_a_folder_that_cannot_be_read_whole_is_not_taken_for_what_can_be_read(
    talks: Path, rules: AddressRules, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = LocalFileSystem.ls

    def ls(self: LocalFileSystem, path: str, detail: bool = False, **options: Any) -> Any:
        if path.endswith("/deep"):
            raise OSError(errno.EREMOTEIO, "the server went away")
        return listed(self, path, detail, **options)

    monkeypatch.setattr(LocalFileSystem, "ls", ls)
    with pytest.raises(SourceUnavailable, match="went away"):
        list_videos([f"file://{talks}"], None, None, rules)


def test_what_is_no_file_is_not_read(talks: Path, rules: AddressRules, tmp_path: Path) -> None:
    os.mkfifo(talks / "pipe.mp4")
    for path in (talks / "pipe.mp4", talks / "missing.mp4"):
        with pytest.raises(MediaError) as caught:
            fetch(Video(id="file:x", url=f"file://{path}"), tmp_path, rules)
        assert caught.value.reason == "Gone"


def test_a_files_url_names_no_host_and_no_chain(talks: Path, rules: AddressRules) -> None:
    for url in (f"file:/{talks}", f"file://host{talks}", f"file://{talks}/a.opus::http://127.0.0.1/x"):
        with pytest.raises(ConfigurationError, match=r"spec\.source\.urls lead to no video"):
            list_videos([url], None, None, rules)


def test_a_missing_file_is_listed_beside_others_to_be_skipped_with_its_reason(talks: Path, rules: AddressRules) -> None:
    urls = [f"file://{talks}/missing.mp4", f"file://{talks}/a.opus"]
    assert [video.url for video in list_videos(urls, None, None, rules)] == urls


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    """An S3 server on loopback; its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    _, port = server.get_host_and_port()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket with the same files, that the environment leads to; its URL. A new one for each test."""
    settings = {
        "AWS_ENDPOINT_URL": s3_server,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    S3FileSystem.clear_instance_cache()
    bucket = f"talks-{uuid4()}"
    storage = S3FileSystem()
    storage.mkdir(bucket)
    for name in NAMES:
        storage.pipe_file(f"{bucket}/2026/{name}", name.encode() * 1000)
    return f"s3://{bucket}"


NO_RULES = AddressRules()
"""Where object storage answers is set by the environment, not by a URL."""


def test_object_storage_is_listed_and_fetched_alike(bucket: str, tmp_path: Path) -> None:
    videos = list_videos([f"{bucket}/2026", f"{bucket}/2026/*.mp4"], None, None, NO_RULES)
    assert names(videos, f"{bucket}/2026") == ["[1] 100% #2.flac", "a.opus", "b.mp4", "more/c.webm", "more/deep/d.MP3"]
    for video in videos:
        assert fetch(video, tmp_path, NO_RULES).path.read_text() == video.url.removeprefix(f"{bucket}/2026/") * 1000
    assert names(list_videos([f"{bucket}/2026/**/*.webm"], None, None, NO_RULES), bucket) == ["2026/more/c.webm"]
    assert names(list_videos([f"{bucket}/2026/b.mp4"], None, None, NO_RULES), bucket) == ["2026/b.mp4"]


def test_an_objects_version_is_its_etag(bucket: str, tmp_path: Path) -> None:
    (before,) = list_videos([f"{bucket}/2026/a.opus"], None, None, NO_RULES)
    S3FileSystem().pipe_file(f"{bucket}/2026/a.opus", b"a new cut")
    (after,) = list_videos([f"{bucket}/2026/a.opus"], None, None, NO_RULES)
    assert before.version != after.version
    assert not after.version.startswith('"')
    with pytest.raises(Deferred):
        fetch(before, tmp_path, NO_RULES)
    assert fetch(after, tmp_path, NO_RULES).path.read_text() == "a new cut"


def test_an_object_is_not_written_through_the_link_that_an_earlier_file_has_left(
    bucket: str, talks: Path, rules: AddressRules, tmp_path: Path
) -> None:
    """A file is fetched as a link to it: who fetches an object next must not write to the user's own file."""
    fetcher = Fetcher(Source(urls=["http://unused"]), tmp_path, None, rules)
    (file,) = list_videos([f"file://{talks}/b.mp4"], None, None, rules)
    (item,) = list_videos([f"{bucket}/2026/a.opus"], None, None, rules)
    for video in (file, item):
        fetcher.fetch(video)
    assert (talks / "b.mp4").read_text() == "b.mp4"
    target = tmp_path / "link"
    target.symlink_to(talks / "b.mp4")
    allowance = Allowance()
    with allowance.spend(10**6, 60), pytest.raises(FileExistsError):
        storage.copy(item, target, rules, allowance)
    assert (talks / "b.mp4").read_text() == "b.mp4"


def test_an_object_that_is_too_large_is_not_fetched_whole(bucket: str, tmp_path: Path) -> None:
    (video,) = list_videos([f"{bucket}/2026/a.opus"], None, None, NO_RULES)
    with pytest.raises(MediaError) as caught:
        fetch(video, tmp_path, NO_RULES, FetchLimits(media_bytes=100))
    assert caught.value.reason == "TooLarge"


def test_an_object_that_is_gone_and_storage_that_does_not_answer_are_told_apart(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = Video(id="s3:x", url=f"{bucket}/2026/missing.mp4")
    with pytest.raises(MediaError) as caught:
        fetch(gone, tmp_path, NO_RULES)
    assert caught.value.reason == "Gone"
    with pytest.raises(ConfigurationError, match="does not exist"):
        list_videos([gone.url], None, None, NO_RULES)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(S3FileSystem, "retries", 1)
    S3FileSystem.clear_instance_cache()
    with pytest.raises(StorageUnavailable) as unavailable:
        fetch(gone, tmp_path, NO_RULES)
    assert classify(unavailable.value).verdict is Verdict.TRANSIENT
    with pytest.raises(SourceUnavailable):
        list_videos([gone.url], None, None, NO_RULES)


class PathOnFullDisk(PosixPath):
    """A path that can be made, and not be written to."""

    def open(self, *_arguments: Any, **_options: Any) -> Any:
        return Path("/dev/full").open("wb", buffering=0)


class BrokenFile(BytesIO):
    """What s3fs raises for an error of S3's that it does not know."""

    def read(self, _size: int | None = -1) -> bytes:
        raise OSError(errno.EIO, "SlowDown")


def test_trouble_of_the_storage_and_of_the_scratch_disk_are_told_apart(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (video,) = list_videos([f"{bucket}/2026/a.opus"], None, None, NO_RULES)
    allowance = Allowance()
    with allowance.spend(10**6, 60), pytest.raises(OSError, match="No space left") as full:
        storage.copy(video, PathOnFullDisk(tmp_path / "media"), NO_RULES, allowance)
    assert classify(full.value) == Failure(Verdict.LOCAL, "ScratchDisk")
    monkeypatch.setattr(S3FileSystem, "open", lambda *_, **__: BrokenFile())
    with pytest.raises(StorageUnavailable, match="SlowDown") as broken:
        fetch(video, tmp_path, NO_RULES)
    assert classify(broken.value) == Failure(Verdict.TRANSIENT, "Storage")


def test_a_kind_of_storage_whose_package_is_missing_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(ConfigurationError, match="gs:// URLs cannot be read by this image"):
        list_videos(["gs://bucket/talk.mp4"], None, None, NO_RULES)
