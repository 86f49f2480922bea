"""Captions and lists that are made to exhaust memory or time: passed over, within bounds that are measured."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from yt_dlp.utils import YoutubeDLError

from ingestion_contract.records import Video
from ingestion_contract.spec import Source
from ingestion_worker.conclusion import ConfigurationError
from ingestion_worker.media.errors import MediaError
from ingestion_worker.source.allowance import FetchLimits
from ingestion_worker.source.failures import classify
from ingestion_worker.source.fetch import FetchedAudio, FetchedCaptions, Fetcher
from ingestion_worker.source.listing import list_videos
from ingestion_worker.steps.shards import cut
from tests.worker.support.http_source import LOOPBACK, Answer, HttpSource, page
from tests.worker.support.media import silence
from tests.worker.support.runs import REPOSITORY

MIB = 2**20
MOST_MIB = 700
"""Of memory that the reading of captions may add, whatever they are: those of twelve hours take 300."""

BOMBS = {
    "cues": ("vtt", 'b"WEBVTT\\n\\n" + b"00:00.000 --> 00:00.001\\na\\n\\n" * 570_000'),
    "cues of srt": ("srt", 'b"1\\n00:00:00,000 --> 00:00:00,001\\na\\n\\n" * 480_000'),
    "lines of one cue": ("vtt", 'b"WEBVTT\\n\\n00:00.000 --> 00:01.000\\n" + b"a\\n" * 8_000_000'),
    "one line": ("vtt", 'b"WEBVTT\\n\\n00:00.000 --> 00:01.000\\n" + b"a" * 15_000_000'),
    "carriage returns": ("vtt", 'b"WEBVTT\\n\\n" + b"\\r" * 15_000_000'),
    "parts": ("json3", 'b\'{"events":[\' + b\'{"segs":[{"utf8":"a"}]},\' * 600_000 + b"{}]}"'),
    "lists": ("json3", 'b\'{"events":[\' + b"[]," * 5_000_000 + b"{}]}"'),
    "depth": ("json3", 'b"[" * 15_000_000'),
    "shallower depth": ("json3", 'b"[" * 200_000'),
    "line ends": ("json3", 'b\'{"events":[{"segs":[{"utf8":"\' + b"\\\\n" * 7_000_000 + b\'"}]}]}\''),
    "a number": ("json3", 'b\'{"events":[{"tStartMs":\' + b"9" * 15_000_000 + b"}]}"'),
}
"""Each of about 16 MB, which is what a fetch lets through: its format, and what makes it in a process of its own."""

READ = """
import resource
from ingestion_worker.source import captions
resource.setrlimit(resource.RLIMIT_CPU, (240, 240))
text = ({content}).decode()
captions.parse("WEBVTT\\n\\n00:00.000 --> 00:01.000\\nwarm\\n", "vtt")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = captions.parse(text, {kind!r}, automatic=True)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((after - before) // 1024, 0 if found is None else len(found))
"""


@pytest.fixture
def source() -> Iterator[HttpSource]:
    with HttpSource() as server:
        yield server


@pytest.mark.parametrize("name", BOMBS)
def test_what_captions_cost_is_bounded(name: str) -> None:
    """A process that takes more than 240 s of the processor for it is killed, and fails this."""
    kind, content = BOMBS[name]
    script = READ.format(content=content, kind=kind)
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    grown, segments = map(int, done.stdout.split())
    assert grown < MOST_MIB
    assert segments <= 1, "passed over, but for what is one line"


def fetch(url: str, folder: Path, limits: FetchLimits) -> FetchedAudio | FetchedCaptions:
    fetcher = Fetcher(Source(urls=["http://unused"]), folder, None, LOOPBACK, limits)
    return fetcher.fetch(Video(id="test:1", url=url))


def failure(url: str, folder: Path, limits: FetchLimits) -> str:
    """The reason with which a fetch fails."""
    with pytest.raises((YoutubeDLError, MediaError, OSError)) as caught:
        fetch(url, folder, limits)
    return classify(caught.value).reason


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.parametrize("packed", [False, True])
def test_captions_that_are_too_large_are_passed_over_and_the_audio_is_fetched(
    source: HttpSource, tmp_path: Path, packed: bool
) -> None:
    body = b"WEBVTT\n\n00:00.000 --> 00:01.000\n" + b"a" * 2 * MIB
    headers = {"Content-Encoding": "gzip"} if packed else {}
    captions = source.set("/c.vtt", Answer(gzip.compress(body) if packed else body, kind="text/vtt", headers=headers))
    media = source.set("/t.flac", Answer(silence(tmp_path / "s.flac", 1).read_bytes(), kind="audio/flac"))
    url = source.set("/watch.html", page(media, captions))
    assert isinstance(fetch(url, tmp_path, FetchLimits(caption_bytes=MIB)), FetchedAudio)
    assert isinstance(fetch(url, tmp_path, FetchLimits(caption_bytes=4 * MIB)), FetchedCaptions)


BOMB_MIB = 256
PEAK_MIB = 16
"""Of what Python's objects take while a bomb is read of which a MiB is allowed."""


def packed(encoding: str) -> bytes:
    """A page of a quarter of a gigabyte; of some formats only the name is told, since nothing here unpacks them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | (0 if encoding == "deflate" else 16))
    blanks = (packer.compress(b" " * MIB) for _ in range(BOMB_MIB))
    return b"".join([packer.compress(b"<html>"), *blanks, packer.flush()])


def peak_mib(work: Callable[[], object]) -> float:
    """The most memory that Python's objects took meanwhile."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / MIB
    finally:
        tracemalloc.stop()


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "gzip, gzip", "deflate", "br", "zstd"])
def test_what_is_small_until_it_is_unpacked_takes_no_more_than_it_may(
    source: HttpSource, tmp_path: Path, encoding: str
) -> None:
    limits = FetchLimits(page_bytes=MIB, caption_bytes=MIB)
    bomb = Answer(packed(encoding), headers={"Content-Encoding": encoding})
    media = source.set("/t.flac", Answer(silence(tmp_path / "s.flac", 1).read_bytes(), kind="audio/flac"))
    good = source.set("/good.html", page(media))
    assert isinstance(fetch(good, tmp_path, limits), FetchedAudio)
    bomb_page = source.set("/page.html", bomb)
    bomb_captions = source.set("/watch.html", page(media, source.set("/c.vtt", bomb)))
    if encoding in ("gzip", "x-gzip"):
        assert peak_mib(lambda: failure(bomb_page, tmp_path, limits)) < PEAK_MIB
        assert failure(bomb_page, tmp_path, limits) == "TooLarge"
    else:
        assert peak_mib(lambda: fetch(bomb_page, tmp_path, limits)) < PEAK_MIB, "it is taken as it is, for media"
    found: list[object] = []
    assert peak_mib(lambda: found.append(fetch(bomb_captions, tmp_path, limits))) < PEAK_MIB
    assert isinstance(found[0], FetchedAudio), "the captions are passed over"


@pytest.mark.usefixtures("quick_retries")
def test_a_feed_whose_entities_grow_is_not_unfolded(source: HttpSource) -> None:
    """The billion laughs: ten entities of ten of the one before. The XML parser, expat, ends that itself, if late."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    body = (
        f'<!DOCTYPE rss [<!ENTITY e0 "ha">{entities}]><rss version="2.0"><channel><title>&e9;</title></channel></rss>'
    )
    feed = source.set("/feed.xml", Answer(f'<?xml version="1.0"?>{body}'.encode(), kind="application/rss+xml"))

    def listed() -> None:
        with pytest.raises(ConfigurationError, match="lead to no video"):
            list_videos([feed], None, None, LOOPBACK)

    assert peak_mib(listed) < BOMB_MIB


@pytest.mark.usefixtures("quick_retries")
def test_media_that_grow_when_they_are_unpacked_are_cut(source: HttpSource, tmp_path: Path) -> None:
    bomb = Answer(gzip.compress(bytes(64 * MIB)), kind="audio/ogg", headers={"Content-Encoding": "gzip"})
    url = source.set("/watch.html", page(source.set("/t.ogg", bomb)))
    assert failure(url, tmp_path, FetchLimits(media_bytes=8 * MIB)) == "TooLarge"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [], "and take no room"


def test_one_video_may_not_fill_the_disk(source: HttpSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a disk with 4 MiB a video ends as too large, before it ends the pod as one that is too small."""
    from ingestion_worker.source import fetch as module

    monkeypatch.setattr(module, "disk_usage", lambda _: type("Usage", (), {"free": 4 * MIB}))
    endless = Answer(b"OggS", kind="audio/ogg", drips=0.0)
    url = source.set("/watch.html", page(source.set("/t.ogg", endless)))
    assert failure(url, tmp_path, FetchLimits()) == "TooLarge"


def test_a_list_that_claims_absurd_durations_is_cut_as_if_it_claimed_none(source: HttpSource) -> None:
    """Two of them once made their sum infinite, which no number of shards is."""
    pages = [f"{source.url}/{number}.html" for number in range(4)]
    feed = source.feed(pages, durations=[10**308, 10**308, 10_000 * 3600, 60])
    videos = list_videos([feed], None, None, LOOPBACK)
    assert [video.duration_seconds for video in videos] == [None, None, None, 60.0]
    shards = cut([video.duration_seconds for video in videos], 25)
    assert sorted(position for shard in shards for position in shard) == [0, 1, 2, 3]
    assert json.dumps(shards)


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.parametrize(
    "line",
    [
        "file:///etc/passwd",
        "http://169.254.169.254/latest",
        '#EXT-X-KEY:METHOD=AES-128,URI="file:///etc/passwd"\n/1.ts',
    ],
)
def test_a_stream_that_names_other_files_reads_none_of_them(source: HttpSource, tmp_path: Path, line: str) -> None:
    source.set("/1.ts", Answer(b"\x47" * 188, kind="video/mp2t"))
    body = f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n/1.ts\n#EXTINF:9,\n{line}\n#EXT-X-ENDLIST"
    url = source.set("/t.m3u8", Answer(body.encode(), kind="application/vnd.apple.mpegurl"))
    assert failure(url, tmp_path, FetchLimits()) in ("AddressRefused", "Unsupported", "Network", "SourceError")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
