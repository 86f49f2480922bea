"""What an error of the source means: row by row, and against a server that misbehaves."""

import errno
from collections.abc import Callable
from http.client import IncompleteRead
from pathlib import Path
from typing import Any, BinaryIO
from urllib.request import urlopen

import pytest
from yt_dlp.downloader.common import FileDownloader
from yt_dlp.networking.exceptions import HTTPError, NoSupportingHandlers, TransportError
from yt_dlp.utils import (
    DownloadError,
    ExtractorError,
    GeoRestrictedError,
    UnavailableVideoError,
    UnsupportedError,
    UserNotLive,
)

from dev.sample_media.server import SampleServer
from ingestion_contract import layout
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.metrics import Result
from ingestion_contract.records import VideoManifest
from ingestion_contract.summary import ShardSummary
from ingestion_worker.conclusion import PodTooSmall
from ingestion_worker.media import audio
from ingestion_worker.media.decoder import Decoder
from ingestion_worker.media.errors import MediaError
from ingestion_worker.output.keys import video_key
from ingestion_worker.pipeline.feed import FETCHERS
from ingestion_worker.source.addresses import AddressRefused
from ingestion_worker.source.allowance import TooSlow
from ingestion_worker.source.failures import TABLE, UNKNOWN, Deferred, Failure, StorageUnavailable, Verdict, classify
from ingestion_worker.source.retry import ATTEMPTS
from tests.worker.support.http_source import Answer, HttpSource, page
from tests.worker.support.in_process import Bench
from tests.worker.support.media import silence, video_without_audio
from tests.worker.support.runs import REPOSITORY, run_of

PERMANENT, DEFERRED, TRANSIENT = Verdict.PERMANENT, Verdict.DEFERRED, Verdict.TRANSIENT
BLOCKED, LOCAL = Verdict.BLOCKED, Verdict.LOCAL


class _Response:
    reason = "reason"

    def __init__(self, status: int) -> None:
        self.status = status


def http(status: int) -> HTTPError:
    return HTTPError(_Response(status))


def said(message: str) -> DownloadError:
    """What yt-dlp raises: its own error around the extractor's."""
    cause = ExtractorError(message, expected=True)
    return DownloadError(f"ERROR: {message}", (ExtractorError, cause, None))


def caused_by(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


ROWS: list[tuple[BaseException, Verdict, str]] = [
    (http(404), PERMANENT, "Gone"),
    (http(410), PERMANENT, "Gone"),
    (http(401), PERMANENT, "Forbidden"),
    (http(403), TRANSIENT, "Forbidden"),
    (http(429), BLOCKED, "Blocked"),
    (http(500), TRANSIENT, "ServerError"),
    (http(503), TRANSIENT, "ServerError"),
    (said("Sign in to confirm you\u2019re not a bot"), BLOCKED, "Blocked"),
    (said("This content isn't available, try again later"), BLOCKED, "Blocked"),
    (said("Private video. Sign in if you've been granted access"), PERMANENT, "Private"),
    (said("Join this channel to get access to members-only content"), PERMANENT, "MembersOnly"),
    (said("This video has been removed by the uploader"), PERMANENT, "Gone"),
    (said("Video unavailable"), PERMANENT, "Gone"),
    (said("Premieres in 3 hours"), DEFERRED, "Upcoming"),
    (said("This live event will begin in 2 days."), DEFERRED, "Upcoming"),
    (said("Sign in to confirm your age. This video may be inappropriate for some users."), PERMANENT, "AgeRestricted"),
    (said("This video is DRM protected"), PERMANENT, "Protected"),
    (said("m3u8 download detected but ffmpeg could not be found. Please install"), PERMANENT, "Unsupported"),
    (said("Did not get any data blocks"), TRANSIENT, "Empty"),
    (said("No video formats found!"), PERMANENT, "Unsupported"),
    (GeoRestrictedError("not here"), PERMANENT, "GeoRestricted"),
    (UserNotLive(), DEFERRED, "NotLive"),
    (Deferred("Live", "on air"), DEFERRED, "Live"),
    (AddressRefused("127.0.0.1 is a loopback address"), PERMANENT, "AddressRefused"),
    (TransportError(cause=AddressRefused("127.0.0.1")), PERMANENT, "AddressRefused"),
    (TooSlow("not within 9 s"), TRANSIENT, "TooSlow"),
    (StorageUnavailable("s3://b/k"), TRANSIENT, "Storage"),
    (UnavailableVideoError(ValueError("unable to open")), TRANSIENT, "Unavailable"),
    (UnsupportedError("http://x"), PERMANENT, "Unsupported"),
    (NoSupportingHandlers([], []), PERMANENT, "Unsupported"),
    (TransportError("connection reset"), TRANSIENT, "Network"),
    (TimeoutError("timed out"), TRANSIENT, "Network"),
    (IncompleteRead(b""), TRANSIENT, "Network"),
    (MediaError("Corrupt", "no frame"), PERMANENT, "Corrupt"),
    (ValueError("who knows"), TRANSIENT, "SourceError"),
    (UnsupportedError("http://x/captcha-video-removed"), PERMANENT, "Unsupported"),
    (ExtractorError("Unable to download webpage", video_id="rate-limits-explained"), TRANSIENT, "SourceError"),
    (
        DownloadError("ERROR: unable to write data", (OSError, OSError(errno.ENOSPC, "full"), None)),
        LOCAL,
        "ScratchDisk",
    ),
    (MemoryError(), LOCAL, "HostMemory"),
    (caused_by(StorageUnavailable("s3://b/k"), OSError(errno.EIO, "SlowDown")), TRANSIENT, "Storage"),
    (caused_by(StorageUnavailable("s3://b/k"), MemoryError()), LOCAL, "HostMemory"),
]


@pytest.mark.parametrize(("error", "verdict", "reason"), ROWS, ids=lambda value: str(value)[:40])
def test_each_error_has_its_verdict(error: BaseException, verdict: Verdict, reason: str) -> None:
    failure = classify(error)
    assert (failure.verdict, failure.reason) == (verdict, reason)


def test_every_row_of_the_table_is_tried() -> None:
    assert {(verdict, reason) for _, verdict, reason in ROWS} >= {
        (row.failure.verdict, row.failure.reason) for row in TABLE
    }


def test_the_document_shows_the_table_as_it_is() -> None:
    shown = [*((row.seen, row.failure) for row in TABLE), ("anything else", UNKNOWN)]
    wanted = "\n".join(["| seen | reason | class |", "|---|---|---|", *(_line(*row) for row in shown)])
    document = (REPOSITORY / "docs" / "failures.md").read_text()
    assert wanted in document, f"docs/failures.md is to hold this table:\n\n{wanted}"
    for verdict in Verdict:
        assert f"- **{_name(verdict)}**: {verdict.value}" in document


def _line(seen: str, failure: Failure) -> str:
    return f"| {seen} | `{failure.reason}` | {_name(failure.verdict)} |"


def _name(verdict: Verdict) -> str:
    return verdict.name.lower()


def test_the_cause_counts_wherever_yt_dlp_keeps_it() -> None:
    cause = ExtractorError("Unable to download webpage", cause=http(410))
    assert classify(DownloadError("ERROR", (ExtractorError, cause, None))).reason == "Gone"


def clip(sample: SampleServer) -> str:
    return f"{sample.url}/media/sample-001.opus"


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.parametrize(
    ("answers", "result", "reason"),
    [
        ([Answer(status=404)], Result.SKIPPED, "Gone"),
        ([Answer(status=410)], Result.SKIPPED, "Gone"),
        ([Answer(status=500)], Result.FAILED, "ServerError"),
        ([Answer(status=403), "clip"], Result.SUCCEEDED, ""),
        ([Answer(status=503), Answer(status=503), "clip"], Result.SUCCEEDED, ""),
        ([Answer(b"<html>no player here</html>")], Result.SKIPPED, "Unsupported"),
    ],
    ids=["not found", "gone", "always 500", "403 once", "503 twice", "no media"],
)
def test_a_page_that_fails(
    bench: Bench, source: HttpSource, sample: SampleServer, answers: list[Any], result: Result, reason: str
) -> None:
    good = page(clip(sample))
    url = source.set("/watch/1.html", *(good if answer == "clip" else answer for answer in answers))
    bench.list([url])
    conclusion = bench.work(run_of([url]))
    assert conclusion.code is ExitCode.DONE
    assert bench.sample("ingestion_videos_total", result=result, reason=reason) == 1
    if result is Result.FAILED:
        assert source.asked["/watch/1.html"] >= ATTEMPTS


def no_media(_folder: Path) -> Answer:
    return Answer(b"no audio in here\n" * 500, kind="audio/ogg")


def cut_short(folder: Path) -> Answer:
    return Answer(silence(folder / "speech.flac", 5).read_bytes()[:60], kind="audio/flac")


def no_samples(_folder: Path) -> Answer:
    header = b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x80>\0\0\0}\0\0\2\0\x10\0data\0\0\0\0"
    return Answer(header, kind="audio/wav")


def no_sound_track(folder: Path) -> Answer:
    return Answer(video_without_audio(folder / "video.mkv").read_bytes(), kind="video/x-matroska")


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.parametrize(
    ("media", "reason"),
    [(no_media, "Corrupt"), (cut_short, "Corrupt"), (no_samples, "NoAudio"), (no_sound_track, "NoAudio")],
)
def test_media_that_cannot_be_used_is_skipped(
    bench: Bench, source: HttpSource, tmp_path: Path, media: Callable[[Path], Answer], reason: str
) -> None:
    url = source.set("/watch/1.html", page(source.set("/media/1", media(tmp_path))))
    bench.list([url])
    bench.work(run_of([url]))
    assert bench.sample("ingestion_videos_total", result=Result.SKIPPED, reason=reason) == 1


@pytest.mark.usefixtures("quick_retries")
def test_a_source_that_blocks_stops_the_shard_after_what_was_fetched(
    bench: Bench, source: HttpSource, sample: SampleServer
) -> None:
    good = [f"{sample.url}/watch/sample-{number:03d}.html" for number in (1, 2)]
    blocked = [source.set(f"/watch/{number}.html", Answer(status=429)) for number in range(3 * FETCHERS)]
    bench.list([*good, *blocked])
    conclusion = bench.work(run_of(["http://unused"]))
    assert conclusion.code is ExitCode.SOURCE_BLOCKED
    assert isinstance(conclusion.summary, ShardSummary)
    summary = conclusion.summary
    assert (summary.succeeded, summary.failed, summary.skipped) == (2, 0, 0), "a blocked video has not failed"
    assert source.asked.total() <= FETCHERS, "nothing is asked for any more"


@pytest.mark.usefixtures("quick_retries")
def test_a_video_whose_name_speaks_of_captchas_does_not_block_its_source(bench: Bench, source: HttpSource) -> None:
    url = source.set("/captcha-and-rate-limits.html", Answer(status=503))
    bench.list([url])
    assert bench.work(run_of([url])).code is ExitCode.DONE
    assert bench.sample("ingestion_videos_total", result=Result.FAILED, reason="ServerError") == 1


@pytest.mark.usefixtures("quick_retries")
def test_a_full_scratch_disk_is_no_videos_failure(
    bench: Bench, sample: SampleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_full(_self: object, name: str, _mode: str) -> tuple[BinaryIO, str]:
        return Path("/dev/full").open("wb", buffering=0), name

    monkeypatch.setattr(FileDownloader, "sanitize_open", open_full)
    bench.list([f"{sample.url}/watch/sample-001.html"])
    with pytest.raises(PodTooSmall, match=r"test:0 \(ScratchDisk\).*No space left.*more disk"):
        bench.work(run_of(["http://unused"], source={"captions": "Ignore"}))
    assert bench.sample("ingestion_videos_total", result=Result.FAILED, reason="SourceError") == 0


@pytest.mark.usefixtures("quick_retries")
def test_too_little_host_memory_is_no_videos_failure(
    bench: Bench, sample: SampleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(*_arguments: object, **_more: object) -> object:
        raise MemoryError("Cannot allocate memory")

    monkeypatch.setattr(Decoder, "read", no_memory)
    bench.list([f"{sample.url}/watch/sample-001.html"])
    with pytest.raises(PodTooSmall, match=r"HostMemory.*spec\.workers\.resources"):
        bench.work(run_of(["http://unused"], source={"captions": "Ignore"}))


@pytest.mark.usefixtures("quick_retries")
def test_videos_with_the_same_id_keep_their_own_audio(bench: Bench, source: HttpSource, sample: SampleServer) -> None:
    """The generic extractor's ids are the last part of an address: two downloads at a time must not share a file."""
    media = [fetch(f"{sample.url}/media/sample-{number:03d}.opus") for number in (1, 2, 3, 5, 6, 7)]
    urls = [source.set(f"/{n}/talk.opus", Answer(body, kind="audio/ogg")) for n, body in enumerate(media)]
    videos = bench.list(urls)
    run = run_of(urls)
    assert bench.work(run).code is ExitCode.DONE
    for video, body in zip(videos, media, strict=True):
        manifest = bench.store.read_record(layout.manifest(video_key(video, run.spec)), VideoManifest)
        assert manifest is not None
        assert manifest.audio_seconds == seconds_of(body, bench.root)


def fetch(url: str) -> bytes:
    with urlopen(url, timeout=10) as answer:
        body: bytes = answer.read()
    return body


def seconds_of(media: bytes, folder: Path) -> float:
    path = folder / "media.opus"
    path.write_bytes(media)
    return sum(map(len, audio.stream(path))) / audio.SAMPLE_RATE


@pytest.mark.usefixtures("quick_retries")
def test_captions_only_skips_what_has_none_and_downloads_no_audio(
    bench: Bench, source: HttpSource, sample: SampleServer
) -> None:
    captions = source.set("/captions.vtt", Answer(b"WEBVTT\n\n00:00.000 --> 00:02.500\nall of it\n", kind="text/vtt"))
    media = source.set("/media.opus", Answer(b"never read", kind="audio/ogg"))
    with_captions = source.set("/with.html", page(media, captions))
    without = source.set("/without.html", page(media))
    bench.list([with_captions, without])
    conclusion = bench.work(run_of(["http://unused"], source={"captions": "Only"}))
    assert conclusion.code is ExitCode.DONE
    assert bench.sample("ingestion_videos_total", result=Result.SUCCEEDED, reason="") == 1
    assert bench.sample("ingestion_videos_total", result=Result.SKIPPED, reason="NoCaptions") == 1
    assert source.asked["/media.opus"] == 0


@pytest.mark.usefixtures("quick_retries")
def test_broken_captions_fall_back_to_speech_recognition(
    bench: Bench, source: HttpSource, sample: SampleServer
) -> None:
    captions = source.set("/captions.vtt", Answer(b"these are no captions", kind="text/vtt"))
    bench.list([source.set("/watch.html", page(clip(sample), captions))])
    bench.work(run_of(["http://unused"]))
    assert bench.sample("ingestion_videos_total", result=Result.SUCCEEDED, reason="") == 1
    assert bench.sample("ingestion_audio_seconds_total") > 1
