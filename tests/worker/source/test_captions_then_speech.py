"""Captions first, speech recognition as the fallback: each stage fails in turn, and the next one takes over."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from yt_dlp import YoutubeDL
from yt_dlp.utils import YoutubeDLError

from ingestion_contract.records import Video
from ingestion_contract.spec import Source
from ingestion_worker.media.errors import MediaError
from ingestion_worker.source.allowance import FetchLimits
from ingestion_worker.source.failures import Deferred, Failure, Verdict, classify
from ingestion_worker.source.fetch import FetchedAudio, FetchedCaptions, Fetcher
from tests.worker.support.http_source import LOOPBACK, Answer, HttpSource

pytestmark = pytest.mark.usefixtures("quick_retries")

TIGHT = FetchLimits(page_bytes=2**20, page_seconds=3.0, silence_seconds=0.3)

MANUAL = Answer(b"WEBVTT\n\n00:00.000 --> 00:02.500\nas written\n", kind="text/vtt")
AUTOMATIC = Answer(
    b"WEBVTT\n\n00:00.000 --> 00:02.000\nas heard\n\n00:02.000 --> 00:04.000\nas heard\nby a machine\n", kind="text/vtt"
)
MEDIA = Answer(b"OggS not really", kind="audio/ogg")

USELESS = {
    "broken": Answer(b"these are no captions", kind="text/vtt"),
    "empty": Answer(b"", kind="text/vtt"),
    "without words": Answer(b"WEBVTT\n\n00:00.000 --> 00:02.500\n \n", kind="text/vtt"),
    "not found": Answer(status=404),
    "forbidden": Answer(status=403),
    "server error": Answer(status=500),
    "truncated": Answer(b"WEBVTT\n\n", kind="text/vtt", says_bytes=9999),
    "stalled": Answer(b"WEBVTT\n\n", kind="text/vtt", says_bytes=9999, stalls=True),
    "endless": Answer(b"WEBVTT\n\n", kind="text/vtt", drips=0.0),
    "endless and slow": Answer(b"WEBVTT\n\n", kind="text/vtt", drips=0.1),
}


class Site:
    """A video with captions of both kinds on a site that yt-dlp knows; each answer can be changed."""

    def __init__(self, source: HttpSource, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.source = source
        self.folder = folder
        self.manual = MANUAL
        self.automatic = AUTOMATIC
        self.media = MEDIA
        self.says: dict[str, Any] = {}
        monkeypatch.setattr(YoutubeDL, "extract_info", lambda _ydl, _url, download: self._info())

    def _info(self) -> dict[str, Any]:
        def tracks(path: str, answer: Answer) -> list[dict[str, Any]]:
            return [{"ext": "vtt", "url": self.source.set(path, answer)}]

        return {
            "id": "1",
            "title": "A talk",
            "extractor": "site",
            "extractor_key": "Site",
            "webpage_url": "http://site/1",
            "duration": 60,
            "language": "en-US",
            "subtitles": {"en": tracks("/manual.vtt", self.manual)},
            "automatic_captions": {
                "en-orig": tracks("/automatic.vtt", self.automatic),
                "en": tracks("/translated.vtt", Answer(b"WEBVTT\n\n00:00.000 --> 00:02.500\nnonsense\n")),
            },
            "formats": [{"format_id": "a", "url": self.source.set("/talk.ogg", self.media), "ext": "ogg"}],
            **self.says,
        }

    def fetch(self, captions: str = "Prefer") -> FetchedCaptions | FetchedAudio:
        source = Source.from_wire({"urls": ["http://unused"], "captions": captions})
        fetcher = Fetcher(source, self.folder, None, LOOPBACK, TIGHT)
        return fetcher.fetch(Video(id="site:1", url="http://site/1"))

    def failure(self, captions: str = "Prefer") -> Failure:
        """What a fetch fails with."""
        with pytest.raises((YoutubeDLError, MediaError, Deferred)) as caught:
            self.fetch(captions)
        return classify(caught.value)


@pytest.fixture
def site(source: HttpSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(source, tmp_path, monkeypatch)


def words(fetched: FetchedCaptions | FetchedAudio) -> list[str]:
    assert isinstance(fetched, FetchedCaptions)
    return [segment.text for segment in fetched.segments]


def test_peoples_captions_are_enough(site: Site) -> None:
    fetched = site.fetch()
    assert words(fetched) == ["as written"]
    assert isinstance(fetched, FetchedCaptions)
    assert (fetched.language, fetched.duration_seconds, fetched.automatic) == ("en", 60, False)
    assert site.source.asked["/automatic.vtt"] == site.source.asked["/talk.ogg"] == 0


@pytest.mark.parametrize("useless", USELESS)
def test_then_the_original_automatic_captions(site: Site, useless: str) -> None:
    site.manual = USELESS[useless]
    fetched = site.fetch()
    assert words(fetched) == ["as heard", "by a machine"]
    assert isinstance(fetched, FetchedCaptions)
    assert (fetched.language, fetched.automatic) == ("en", True)
    assert site.source.asked["/translated.vtt"] == site.source.asked["/talk.ogg"] == 0


@pytest.mark.parametrize("useless", USELESS)
def test_then_the_audio_with_the_language_that_the_source_says(site: Site, useless: str) -> None:
    site.manual = site.automatic = USELESS[useless]
    fetched = site.fetch()
    assert isinstance(fetched, FetchedAudio)
    assert fetched.path.read_bytes() == MEDIA.body
    assert (fetched.language, fetched.duration_seconds) == ("en-US", 60)


def test_then_it_is_the_videos_failure(site: Site) -> None:
    site.manual = site.automatic = USELESS["broken"]
    site.media = Answer(status=410)
    assert site.failure() == Failure(Verdict.PERMANENT, "Gone")


def set_manual(site: Site, answer: Answer) -> None:
    site.manual = answer


def set_automatic(site: Site, answer: Answer) -> None:
    site.manual, site.automatic = USELESS["not found"], answer


def set_media(site: Site, answer: Answer) -> None:
    site.manual = site.automatic = USELESS["not found"]
    site.media = answer


@pytest.mark.parametrize(("stage", "asked"), [(set_manual, 1), (set_automatic, 2), (set_media, 3)])
def test_a_block_at_any_stage_is_a_block_and_nothing_more_is_asked(
    site: Site, stage: Callable[[Site, Answer], None], asked: int
) -> None:
    stage(site, Answer(status=429))
    assert site.failure() == Failure(Verdict.BLOCKED, "Blocked")
    assert site.source.asked.total() == asked


def test_ignored_captions_are_not_asked_for(site: Site) -> None:
    assert isinstance(site.fetch("Ignore"), FetchedAudio)
    assert set(site.source.asked) == {"/talk.ogg"}


def test_captions_only_tells_captions_that_are_not_there_from_those_that_could_not_be_read(site: Site) -> None:
    assert words(site.fetch("Only")) == ["as written"]
    site.manual = site.automatic = Answer(status=500)
    assert site.failure("Only") == Failure(Verdict.TRANSIENT, "ServerError")
    site.manual = site.automatic = Answer(status=404)
    assert site.failure("Only") == Failure(Verdict.PERMANENT, "NoCaptions")
    assert site.source.asked["/talk.ogg"] == 0


@pytest.mark.parametrize(
    ("said", "language"),
    [("eng", "en"), ("deu", "de"), ("pt_BR", "pt-BR"), ("und", None), ("zxx", None), ("original", None), (None, None)],
)
def test_what_the_source_says_of_the_language_is_made_one_spelling(
    site: Site, said: str | None, language: str | None
) -> None:
    site.says = {"language": said}
    fetched = site.fetch("Ignore")
    assert isinstance(fetched, FetchedAudio)
    assert fetched.language == language


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ({"live_status": "is_upcoming"}, "Upcoming"),
        ({"live_status": "is_live"}, "Live"),
        ({"is_live": True}, "Live"),
        ({"live_status": "post_live"}, "Live"),
    ],
)
def test_what_is_not_over_yet_is_left_to_a_later_run(site: Site, says: dict[str, Any], reason: str) -> None:
    site.says = says
    assert site.failure() == Failure(Verdict.DEFERRED, reason)
    assert site.source.asked.total() == 0


def test_what_was_live_is_a_video_like_others(site: Site) -> None:
    site.says = {"live_status": "was_live", "was_live": True}
    assert words(site.fetch()) == ["as written"]
