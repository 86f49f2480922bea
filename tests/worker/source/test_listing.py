"""The list of videos behind URLs."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from yt_dlp import YoutubeDL

from dev.sample_media.server import SampleServer
from ingestion_contract.records import Video
from ingestion_contract.spec import Source
from ingestion_worker.conclusion import ConfigurationError, SourceBlocked, SourceUnavailable
from ingestion_worker.media.errors import MediaError
from ingestion_worker.output import video_list
from ingestion_worker.output.store import Store
from ingestion_worker.source.fetch import Fetcher
from ingestion_worker.source.listing import list_videos
from ingestion_worker.text import hidden
from tests.worker.support.http_source import LOOPBACK, Answer, HttpSource

pytestmark = pytest.mark.usefixtures("quick_retries")


def test_a_feed_is_listed_in_order_with_durations_and_without_opening_its_videos(source: HttpSource) -> None:
    urls = [f"{source.url}/watch/{name}.html" for name in ("b", "a", "c")]
    videos = list_videos([source.feed(urls, durations=[61, 5, 7])], None, None, LOOPBACK)
    assert [video.id for video in videos] == ["generic:b", "generic:a", "generic:c"]
    assert [video.url for video in videos] == urls
    assert [video.duration_seconds for video in videos] == [61, 5, 7]
    assert [video.title for video in videos] == ["Video 0", "Video 1", "Video 2"]
    assert not any(path.startswith("/watch") for path in source.asked)


def test_a_title_stays_though_somebodys_password_is_a_part_of_it(
    source: HttpSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hidden, "_hidden", [])
    hidden.hide(["Video 10"])
    urls = [f"{source.url}/watch/{number}.html" for number in range(11)]
    assert list_videos([source.feed(urls)], None, None, LOOPBACK)[-1].title == "Video 10"


def test_a_video_in_two_lists_is_listed_once(source: HttpSource) -> None:
    one, two, three = (f"{source.url}/{name}.html" for name in ("one", "two", "three"))
    feeds = [source.feed([one, two], "/1.xml"), source.feed([two, three], "/2.xml")]
    assert [video.url for video in list_videos(feeds, None, None, LOOPBACK)] == [one, two, three]


def test_two_addresses_that_end_alike_are_two_videos(source: HttpSource) -> None:
    urls = [f"{source.url}/{folder}/talk.html" for folder in ("monday", "tuesday")]
    videos = list_videos([source.feed(urls)], None, None, LOOPBACK)
    assert [video.url for video in videos] == urls
    assert videos[0].id == "generic:talk"
    assert videos[1].id.startswith("generic:talk-")


def test_the_same_address_in_another_spelling_is_the_same_video(source: HttpSource) -> None:
    port = source.url.rpartition(":")[2]
    urls = [f"{source.url}/talk.html", f"HTTP://127.0.0.1:{port}/talk.html", f"{source.url}/talk.html#t=90"]
    assert [video.url for video in list_videos([source.feed(urls)], None, None, LOOPBACK)] == urls[:1]


def test_a_file_on_a_web_server_has_a_version_that_changes_with_it(source: HttpSource) -> None:
    def version(body: bytes, time: str, **headers: str) -> str:
        answer = Answer(body, kind="audio/ogg", headers={"Last-Modified": time, **headers})
        (video,) = list_videos([source.set("/talk.ogg", answer)], None, None, LOOPBACK)
        return video.version

    first = version(b"OggS", "Wed, 21 Oct 2026 07:28:00 GMT")
    assert first
    assert version(b"OggS", "Wed, 21 Oct 2026 07:28:00 GMT") == first
    assert version(b"OggS", "Thu, 22 Oct 2026 07:28:00 GMT") != first
    assert version(b"OggS and more", "Wed, 21 Oct 2026 07:28:00 GMT") != first
    assert version(b"OggS", "Thu, 22 Oct 2026 07:28:00 GMT", ETag='"abc"') == '"abc"'


def test_the_limit_spans_all_urls(source: HttpSource) -> None:
    feeds = [source.feed([f"{source.url}/{n}-{m}.html" for m in range(3)], f"/{n}.xml") for n in range(3)]
    videos = list_videos(feeds, 4, None, LOOPBACK)
    assert [video.id for video in videos] == ["generic:0-0", "generic:0-1", "generic:0-2", "generic:1-0"]
    assert source.asked["/2.xml"] == 0


def test_a_single_page_is_a_list_of_one(sample: SampleServer) -> None:
    url = f"{sample.url}/watch/sample-001.html"
    assert [video.url for video in list_videos([url], None, None, LOOPBACK)] == [url]


def test_a_url_that_is_gone_is_listed_beside_others_to_be_skipped_with_its_reason(source: HttpSource) -> None:
    gone = source.set("/gone.html", Answer(status=410))
    there = source.feed([f"{source.url}/a.html"])
    assert [video.url for video in list_videos([gone, there], None, None, LOOPBACK)] == [gone, f"{source.url}/a.html"]


def test_a_url_that_is_gone_and_named_twice_does_not_hide_what_is_there(source: HttpSource) -> None:
    gone = source.set("/gone.html", Answer(status=410))
    there = source.feed([f"{source.url}/a.html"])
    assert [video.url for video in list_videos([gone, gone, there], None, None, LOOPBACK)] == [
        gone,
        f"{source.url}/a.html",
    ]


def test_hostile_entries_are_listed_and_written(source: HttpSource, tmp_path: Path) -> None:
    """Line ends, lone surrogates, path separators and great lengths, as yt-dlp's flat entries may hold them."""
    title = "a\x00b\r\nc" + "x" * 10_000
    entries: list[dict[str, Any]] = [
        {"id": "../../etc/passwd\n", "url": f"{source.url}/1", "title": title, "duration": float("nan")},
        {"id": "x" * 10_000, "url": f"{source.url}/2", "title": 7, "duration": "12:30"},
        {"id": "\ud800", "url": f"{source.url}/\ud800", "title": "\ud83d", "duration": -1},
        {"id": "\ud801", "url": f"{source.url}/4", "title": None, "duration": float("inf")},
    ]
    listed = video_list.write_once(Store(f"file://{tmp_path}"), "uid", listing_of(entries), [range(4)])
    assert len({video.id for video in listed.videos}) == 4
    assert listed.videos[0].title.startswith("a b c")
    assert all(len(video.title) <= 500 for video in listed.videos)
    assert [video.duration_seconds for video in listed.videos] == [None] * 4


def listing_of(entries: list[dict[str, Any]]) -> list[Video]:
    """What is listed when a site's extractor gives such entries."""
    info = {"_type": "playlist", "extractor": "site", "entries": entries}
    with patch.object(YoutubeDL, "extract_info", return_value=info):
        return list_videos(["http://site/list"], None, None, LOOPBACK)


def test_a_video_has_the_same_id_alone_and_in_a_list() -> None:
    """A site's extractor has a name and a key; a list gives one of them, a page the other."""
    alone = {"extractor": "site:talk", "extractor_key": "SiteTalk", "webpage_url": "http://site/1", "id": "1"}
    in_list = {"_type": "playlist", "extractor": "site:list", "extractor_key": "SiteList"}
    flat = {"_type": "url", "ie_key": "SiteTalk", "url": "http://site/1", "id": "1"}
    with patch.object(YoutubeDL, "extract_info", side_effect=[alone, {**in_list, "entries": [flat]}]):
        videos = list_videos(["http://site/1", "http://site/list"], None, None, LOOPBACK)
    assert [video.id for video in videos] == ["sitetalk:1"]


def test_ids_are_bounded_and_stay_apart(source: HttpSource) -> None:
    """They are keys in databases, whose indexes hold no more."""
    long = "\u8a71" * 4000
    urls = [f"{source.url}/{number}" for number in range(4)]
    same_end = [f"{source.url}/{folder}/{'talk' * 100}.ogg" for folder in "ab"]
    listed = listing_of([{"id": long + end, "url": url} for end, url in zip("abba", urls, strict=True)])
    listed += list_videos([source.feed(same_end)], None, None, LOOPBACK)
    assert [len(video.id) for video in listed] == [255] * 4
    assert len({video.id for video in listed}) == 4
    assert listed[0].id.startswith("site:\u8a71\u8a71")


MALFORMED = [
    "http://[x/",
    "HTTP://[::1",
    "file://[x",
    "s3://buck[et/talk.mp4",
    "file:///talks/a\0b.mp4",
    "http://talks.example/a\0b",
    "http://talks.example:port/",
    "http://talks.example:99999/",
    "http:///talk.mp4",
    "http://talks..example/",
    f"http://{'a' * 70}.example/",
    "http://talks example/",
]


@pytest.mark.parametrize("url", MALFORMED)
def test_a_malformed_url_is_listed_beside_others_to_be_skipped_with_its_reason(
    source: HttpSource, tmp_path: Path, url: str
) -> None:
    with pytest.raises(ConfigurationError, match="is no valid URL"):
        list_videos([url], None, None, LOOPBACK)
    malformed, there = list_videos([url, source.feed([f"{source.url}/a.html"])], None, None, LOOPBACK)
    assert there.url == f"{source.url}/a.html"
    fetcher = Fetcher(Source(urls=["http://unused"]), tmp_path, None, LOOPBACK)
    for video in (malformed, malformed.model_copy(update={"url": url})):
        with pytest.raises(MediaError) as caught:
            fetcher.fetch(video)
        assert caught.value.reason == "Unsupported"


def test_a_url_that_no_file_can_hold_is_named_in_the_error() -> None:
    with pytest.raises(ConfigurationError, match=r"http://talks\.example/\\+ud800' is no valid URL"):
        list_videos(["http://talks.example/\ud800"], None, None, LOOPBACK)


def test_a_url_whose_source_breaks_ytdlp_is_listed_beside_others() -> None:
    answers = [ValueError("invalid literal for int()"), {"_type": "video", "extractor": "site", "url": "http://x/1"}]
    with patch.object(YoutubeDL, "extract_info", side_effect=answers):
        videos = list_videos(["http://site/broken", "http://site/1"], None, None, LOOPBACK)
    assert [video.url for video in videos] == ["http://site/broken", "http://x/1"]


def test_malformed_entries_of_a_list_hide_no_others(source: HttpSource) -> None:
    smuggled = [f"http://x/{number}#__youtubedl_smuggle{said}" for number, said in enumerate(("", "={", "=%5B%5D"))]
    urls = ["http://[x/talk", "http://]/talk", *smuggled, f"{source.url}/talk"]
    assert [video.url for video in list_videos([source.feed(urls)], None, None, LOOPBACK)] == urls


def test_nothing_at_all_is_an_error_that_says_why(source: HttpSource) -> None:
    gone = source.set("/gone.html", Answer(status=410))
    with pytest.raises(ConfigurationError, match=r"spec.source.urls lead to no video: .*/gone.html.*410") as caught:
        list_videos([gone], None, None, LOOPBACK)
    assert caught.value.reason == "NoVideos"
    with pytest.raises(ConfigurationError, match="the playlists are empty"):
        list_videos([source.feed([])], None, None, LOOPBACK)


def test_a_url_of_an_unknown_kind_is_an_error_that_names_it() -> None:
    with pytest.raises(ConfigurationError, match="foo://bar"):
        list_videos(["foo://bar"], None, None, LOOPBACK)


def test_a_source_that_blocks_or_does_not_answer_is_told_apart(source: HttpSource) -> None:
    with pytest.raises(SourceBlocked):
        list_videos([source.set("/blocked.xml", Answer(status=429))], None, None, LOOPBACK)
    with pytest.raises(SourceUnavailable):
        list_videos([source.set("/broken.xml", Answer(status=500))], None, None, LOOPBACK)


def test_a_cookies_file_is_read_and_never_written(source: HttpSource, tmp_path: Path) -> None:
    cookies = tmp_path / "cookies.txt"
    content = "# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t4102444800\tname\tvalue\n"
    cookies.write_text(content)
    cookies.chmod(0o444)
    list_videos([source.feed([f"{source.url}/a.html"])], None, cookies, LOOPBACK)
    assert cookies.read_text() == content
