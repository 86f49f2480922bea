"""The sample through the eyes of yt-dlp, as the worker uses it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import av
import pytest
import yt_dlp
from faster_whisper.audio import decode_audio
from yt_dlp.networking.exceptions import HTTPError

from dev.sample_media.sentences import SampleVideo, Unavailable, expected, sample_videos
from dev.sample_media.server import SampleServer

VIDEOS = 50

pytestmark = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleServer]:
    with SampleServer(VIDEOS, cache=tmp_path_factory.mktemp("clips")) as running:
        yield running


def read(url: str, into: Path | None = None) -> dict[str, Any]:
    options = {
        "quiet": True,
        "no_warnings": True,
        "noprogress": True,
        "extract_flat": "in_playlist",
        "format": "bestaudio/best",
        "outtmpl": f"{into}/%(id)s.%(ext)s",
    }
    with yt_dlp.YoutubeDL(options) as reader:
        found = reader.extract_info(url, download=into is not None)
    assert isinstance(found, dict)
    return found


def watch_url(server: SampleServer, video: SampleVideo) -> str:
    return f"{server.url}/watch/{video.id}.html"


def unavailable(reason: Unavailable) -> SampleVideo:
    return next(video for video in expected(VIDEOS).unavailable if video.unavailable is reason)


def test_the_feed_is_a_flat_playlist_in_order_with_titles_and_durations(server: SampleServer) -> None:
    playlist = read(server.feed_url)
    entries = list(playlist["entries"])

    assert playlist["_type"] == "playlist"
    assert [entry["url"] for entry in entries] == [watch_url(server, video) for video in sample_videos(VIDEOS)]
    assert entries[0]["title"] == "Sample 001"
    assert all(1.5 <= entry["duration"] <= 7 for entry in entries)


def test_a_page_yields_audio_of_the_duration_that_the_feed_states(server: SampleServer, tmp_path: Path) -> None:
    entry = next(iter(read(server.feed_url)["entries"]))
    found = read(entry["url"], into=tmp_path)

    assert found["id"].startswith("sample-001")
    assert (found["vcodec"], found["acodec"]) == ("none", "opus")
    (media,) = tmp_path.iterdir()
    assert len(decode_audio(str(media))) / 16_000 == pytest.approx(entry["duration"], abs=0.05)


def test_a_captioned_page_yields_the_true_text_as_webvtt(server: SampleServer) -> None:
    video = next(video for video in sample_videos(VIDEOS) if video.has_captions)
    (track,) = read(watch_url(server, video))["subtitles"]["en"]

    assert track["ext"] == "vtt"
    with urlopen(track["url"], timeout=5) as answer:
        assert video.sentence in answer.read().decode()


def test_a_page_without_captions_says_so_by_having_none(server: SampleServer) -> None:
    video = next(video for video in sample_videos(VIDEOS) if not video.has_captions)

    assert not read(watch_url(server, video))["subtitles"]


def test_the_removed_video_answers_410(server: SampleServer) -> None:
    with pytest.raises(yt_dlp.utils.DownloadError) as caught:
        read(watch_url(server, unavailable(Unavailable.GONE)))

    assert caught.value.exc_info is not None
    cause = caught.value.exc_info[1]
    assert isinstance(cause, HTTPError)
    assert cause.status == 410


def test_the_corrupt_video_downloads_but_cannot_be_decoded(server: SampleServer, tmp_path: Path) -> None:
    read(watch_url(server, unavailable(Unavailable.CORRUPT)), into=tmp_path)

    (media,) = tmp_path.iterdir()
    with pytest.raises(av.FFmpegError):
        decode_audio(str(media))
