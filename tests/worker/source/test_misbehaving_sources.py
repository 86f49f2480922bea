"""A server that misbehaves, row by row: what a fetch makes of it, and how often it asks."""

import gzip
import logging
from contextlib import suppress
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Thread

import pytest
from yt_dlp.extractor.generic import GenericIE
from yt_dlp.utils import DownloadError, ExtractorError, YoutubeDLError

from ingestion_contract.records import Video
from ingestion_contract.spec import Source
from ingestion_worker.media.errors import MediaError
from ingestion_worker.source.allowance import FetchLimits
from ingestion_worker.source.failures import Failure, Verdict, classify
from ingestion_worker.source.fetch import FetchedAudio, FetchedCaptions, Fetcher
from ingestion_worker.source.retry import ATTEMPTS, next_attempt
from tests.worker.support.http_source import LOOPBACK, Answer, HttpSource, page
from tests.worker.support.media import silence

pytestmark = pytest.mark.usefixtures("quick_retries")

MIB = 2**20
TIGHT = FetchLimits(media_bytes=8 * MIB, media_seconds=3.0, page_bytes=MIB, page_seconds=3.0, silence_seconds=0.3)

GONE = Failure(Verdict.PERMANENT, "Gone")
BLOCKED = Failure(Verdict.BLOCKED, "Blocked")
FORBIDDEN = Failure(Verdict.TRANSIENT, "Forbidden")
SERVER_ERROR = Failure(Verdict.TRANSIENT, "ServerError")
NETWORK = Failure(Verdict.TRANSIENT, "Network")
EMPTY = Failure(Verdict.TRANSIENT, "Empty")
TOO_LARGE = Failure(Verdict.PERMANENT, "TooLarge")
TOO_SLOW = Failure(Verdict.TRANSIENT, "TooSlow")
NOT_MEDIA = Failure(Verdict.PERMANENT, "NotMedia")
UNSUPPORTED = Failure(Verdict.PERMANENT, "Unsupported")


def fetch(url: str, folder: Path) -> FetchedAudio | FetchedCaptions:
    return Fetcher(Source(urls=["http://unused"]), folder, None, LOOPBACK, TIGHT).fetch(Video(id="test:1", url=url))


def failure(url: str, folder: Path) -> Failure:
    """What a fetch fails with."""
    with pytest.raises((YoutubeDLError, MediaError, OSError)) as caught:
        fetch(url, folder)
    return classify(caught.value)


@pytest.fixture
def speech(tmp_path: Path) -> bytes:
    return silence(tmp_path / "speech.flac", 5).read_bytes()


def flac(body: bytes) -> Answer:
    return Answer(body, kind="audio/flac")


ALWAYS = {
    "not found": (Answer(status=404), GONE),
    "gone": (Answer(status=410), GONE),
    "forbidden": (Answer(status=403), FORBIDDEN),
    "too many requests": (Answer(status=429, headers={"Retry-After": "3600"}), BLOCKED),
    "server error": (Answer(status=500), SERVER_ERROR),
    "unavailable": (Answer(status=503, headers={"Retry-After": "1"}), SERVER_ERROR),
    "truncated": (Answer(b"OggS" * 100, kind="audio/ogg", says_bytes=9999), NETWORK),
    "stalled": (Answer(b"OggS" * 100, kind="audio/ogg", says_bytes=9999, stalls=True), NETWORK),
    "endless and fast": (Answer(b"OggS", kind="audio/ogg", drips=0.0), TOO_LARGE),
    "endless and slow": (Answer(b"OggS", kind="audio/ogg", drips=0.1), TOO_SLOW),
    "longer than allowed": (Answer(bytes(9 * MIB), kind="audio/ogg"), TOO_LARGE),
    "empty": (Answer(b"", kind="audio/ogg"), EMPTY),
    "a page instead of media": (Answer(b"\n <!DOCTYPE html><title>Log in</title>", kind="audio/ogg"), NOT_MEDIA),
}


@pytest.mark.parametrize("name", ALWAYS)
def test_media_that_cannot_be_had(source: HttpSource, tmp_path: Path, name: str) -> None:
    answer, expected = ALWAYS[name]
    url = source.set("/watch.html", page(source.set("/talk.ogg", answer)))
    assert failure(url, tmp_path) == expected
    if expected.verdict in (Verdict.PERMANENT, Verdict.BLOCKED):
        assert source.asked["/talk.ogg"] == 1, "asked once only"
    elif expected is not TOO_SLOW:
        assert source.asked["/talk.ogg"] == ATTEMPTS


PAGES = {
    "not found": (Answer(status=404), GONE),
    "gone": (Answer(status=410), GONE),
    "too many requests": (Answer(status=429), BLOCKED),
    "server error": (Answer(status=502), SERVER_ERROR),
    "truncated": (Answer(b"<html>", says_bytes=9999), NETWORK),
    "stalled": (Answer(b"<html>", says_bytes=9999, stalls=True), NETWORK),
    "endless and fast": (Answer(b"<html>" + b" " * 600, drips=0.0), TOO_LARGE),
    "endless and slow": (Answer(b"<html>" + b" " * 600, drips=0.1), TOO_SLOW),
    "small until it is unpacked": (
        Answer(gzip.compress(b"<html>" + bytes(50 * MIB)), headers={"Content-Encoding": "gzip"}),
        TOO_LARGE,
    ),
    "packed, and broken": (Answer(b"\x1f\x8b" + b"?" * 600, headers={"Content-Encoding": "gzip"}), NETWORK),
    "no media in it": (Answer(b"<html>no player here</html>"), UNSUPPORTED),
    "redirects for ever": (Answer(status=302, headers={"Location": "/watch.html"}), SERVER_ERROR),
}


@pytest.mark.parametrize("name", PAGES)
def test_pages_that_cannot_be_had(source: HttpSource, tmp_path: Path, name: str) -> None:
    answer, expected = PAGES[name]
    assert failure(source.set("/watch.html", answer), tmp_path) == expected


def test_a_packed_page_is_read(source: HttpSource, tmp_path: Path, speech: bytes) -> None:
    packed = gzip.compress(page(source.set("/talk.flac", flac(speech))).body)
    url = source.set("/watch.html", Answer(packed, headers={"Content-Encoding": "gzip"}))
    assert isinstance(fetch(url, tmp_path), FetchedAudio)


@pytest.mark.parametrize(
    "first",
    [
        Answer(status=403),
        Answer(status=500),
        Answer(status=503, headers={"Retry-After": "1"}),
        Answer(b"fLaC", kind="audio/flac", says_bytes=9999),
        Answer(b"", kind="audio/flac"),
    ],
    ids=["403", "500", "503", "truncated", "empty"],
)
def test_what_goes_wrong_once_is_tried_again(source: HttpSource, tmp_path: Path, speech: bytes, first: Answer) -> None:
    media = source.set("/talk.flac", first, flac(speech))
    fetched = fetch(source.set("/watch.html", page(media)), tmp_path)
    assert isinstance(fetched, FetchedAudio)
    assert fetched.path.read_bytes() == speech
    assert source.asked["/watch.html"] >= 2, "the media's address is asked for anew: it may have expired"


def test_a_block_is_answered_by_asking_no_more(
    source: HttpSource, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = source.set("/watch.html", Answer(status=429, headers={"Retry-After": "3600"}))
    with caplog.at_level(logging.WARNING):
        assert failure(url, tmp_path) == BLOCKED
    assert source.asked.total() == 1
    assert "Retry-After 3600" in caplog.text


@pytest.mark.parametrize("status", [410, 429])
def test_what_a_server_adds_to_its_status_is_not_told(
    status: int, source: HttpSource, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It may be what the server was asked with."""
    said = "You said session=4711"
    url = source.set("/watch.html", Answer(status=status, phrase=said, headers={"Retry-After": said}))
    with caplog.at_level(logging.DEBUG), pytest.raises(DownloadError) as caught:
        Fetcher(Source(urls=["http://unused"]), tmp_path, None, LOOPBACK).fetch(Video(id="test:1", url=url))
    assert f"HTTP Error {status}" in str(caught.value)
    assert "4711" not in str(caught.value) + caplog.text


SAID = {
    "Sign in to confirm you\u2019re not a bot. Use --cookies for the authentication": BLOCKED,
    "This content isn\u2019t available, try again later.": BLOCKED,
    "Private video. Sign in if you\u2019ve been granted access to this video": Failure(Verdict.PERMANENT, "Private"),
    "This live event will begin in 3 hours.": Failure(Verdict.DEFERRED, "Upcoming"),
    "Video unavailable. This video has been removed by the uploader": GONE,
}


@pytest.mark.parametrize("words", SAID)
def test_what_a_site_says_in_words_counts(
    source: HttpSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    """With status 200, as YouTube says it; yt-dlp's extractor of the site passes the words on."""

    def extract(self: GenericIE, url: str) -> None:
        raise ExtractorError(self._download_webpage(url, "1"), expected=True)

    monkeypatch.setattr(GenericIE, "_real_extract", extract)
    assert failure(source.set("/watch", Answer(words.encode())), tmp_path) == SAID[words]
    assert source.asked.total() == 1


def test_a_source_that_asks_for_a_short_wait_is_given_it(source: HttpSource, tmp_path: Path) -> None:
    def wait(seconds: str) -> bool | float:
        url = source.set("/watch.html", Answer(status=503, headers={"Retry-After": seconds}))
        with pytest.raises(DownloadError) as caught:
            fetch(url, tmp_path)
        return next_attempt(caught.value)

    assert wait("7") == 7.0
    assert wait("3600") is True, "after the usual wait"
    assert wait("Wed, 21 Oct 2026 07:28:00 GMT") is True


def stream(source: HttpSource, *parts: Answer) -> str:
    """An HLS stream of parts."""
    urls = [source.set(f"/{number}.ts", part) for number, part in enumerate(parts)]
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:9", *(f"#EXTINF:9,\n{url}" for url in urls), "#EXT-X-ENDLIST"]
    return source.set("/talk.m3u8", Answer("\n".join(lines).encode(), kind="application/vnd.apple.mpegurl"))


PART = Answer(b"\x47" * 188, kind="video/mp2t")


def test_a_stream_in_parts_is_fetched_whole(source: HttpSource, tmp_path: Path) -> None:
    fetched = fetch(stream(source, PART, PART, PART), tmp_path)
    assert isinstance(fetched, FetchedAudio)
    assert fetched.path.read_bytes() == PART.body * 3


@pytest.mark.parametrize(
    ("broken", "expected"),
    [(Answer(status=404), GONE), (Answer(status=429), BLOCKED), (Answer(status=500), SERVER_ERROR)],
    ids=["missing", "blocked", "server error"],
)
def test_a_stream_without_one_of_its_parts_is_not_passed_off_as_whole(
    source: HttpSource, tmp_path: Path, broken: Answer, expected: Failure
) -> None:
    assert failure(stream(source, PART, broken, PART), tmp_path) == expected


def test_a_stream_that_breaks_off_once_is_fetched_anew_and_not_appended_to(source: HttpSource, tmp_path: Path) -> None:
    url = stream(source, PART, PART, PART)
    source.set("/2.ts", Answer(status=500), PART)
    fetched = fetch(url, tmp_path)
    assert isinstance(fetched, FetchedAudio)
    assert fetched.path.read_bytes() == PART.body * 3


@pytest.mark.parametrize("broken", [Answer(status=404), Answer(bytes(9 * MIB), kind="video/mp2t")])
def test_what_a_failed_fetch_has_left_is_not_in_the_next_video_nor_on_the_disk(
    source: HttpSource, tmp_path: Path, broken: Answer
) -> None:
    fetcher = Fetcher(Source(urls=["http://unused"]), tmp_path, None, LOOPBACK, TIGHT)
    first = Video(id="test:1", url=stream(source, Answer(b"another video", kind="video/mp2t"), broken))
    with pytest.raises((YoutubeDLError, MediaError)):
        fetcher.fetch(first)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    fetched = fetcher.fetch(Video(id="test:2", url=stream(source, PART, PART)))
    assert isinstance(fetched, FetchedAudio)
    assert fetched.path.read_bytes() == PART.body * 2


def test_the_bound_of_bytes_counts_all_parts_together(source: HttpSource, tmp_path: Path) -> None:
    assert failure(stream(source, *[Answer(bytes(3 * MIB), kind="video/mp2t")] * 3), tmp_path) == TOO_LARGE


def test_an_answer_whose_headers_never_end_is_cut(tmp_path: Path) -> None:
    over = Event()

    class Slow(BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            with suppress(OSError):
                while not over.wait(0.1):
                    self.request.sendall(b"x")

    with ThreadingTCPServer(("127.0.0.1", 0), Slow) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            assert failure(f"http://127.0.0.1:{server.server_address[1]}/", tmp_path) == TOO_SLOW
        finally:
            over.set()
            server.shutdown()


def test_nobody_answers(tmp_path: Path) -> None:
    assert failure("http://127.0.0.1:1/watch.html", tmp_path) == NETWORK
