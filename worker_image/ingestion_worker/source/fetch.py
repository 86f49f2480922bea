"""Fetches one video: its captions if they will do, else its audio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from yt_dlp import YoutubeDL

from ingestion_contract.records import Segment, Video
from ingestion_contract.spec import Captions, Source
from ingestion_worker.media.errors import MediaError
from ingestion_worker.source import captions
from ingestion_worker.source.addresses import AddressRules
from ingestion_worker.source.retry import with_retries
from ingestion_worker.source.ytdlp import downloader, seconds
from ingestion_worker.text.words import encodable


@dataclass(frozen=True)
class FetchedCaptions:
    """Captions of a video. `duration_seconds` is None where the source does not say."""

    language: str
    segments: Sequence[Segment]
    duration_seconds: float | None
    automatic: bool = False


@dataclass(frozen=True)
class FetchedAudio:
    """A downloaded file with the audio of a video; whoever has read it removes it.

    Attributes:
        language: what the source says is spoken in it.
    """

    path: Path
    language: str | None = None


class Fetcher:
    """Fetches videos into a folder of its own below the scratch folder. One per thread: yt-dlp keeps state.

    Its own, since two videos may share an id: the generic extractor makes it from the last part of an address.
    """

    def __init__(self, source: Source, scratch: Path, cookies: Path | None, rules: AddressRules) -> None:
        folder = Path(mkdtemp(dir=scratch, prefix="fetch-"))
        self._source = source
        self._ydl: YoutubeDL = downloader(
            cookies,
            format="bestaudio/best",
            outtmpl=f"{folder}/media.%(ext)s",
            noplaylist=True,
            fixup="never",
            continuedl=False,
            overwrites=True,
        )

    def fetch(self, video: Video) -> FetchedCaptions | FetchedAudio:
        """Return the captions of a video, or a file with its audio; with captions, no audio is downloaded.

        Raises:
            MediaError: there are no captions, and the run wants nothing else; or the page holds no one video.
            yt_dlp.utils.YoutubeDLError: see `failures.classify`.
        """
        info = with_retries(lambda: self._ydl.extract_info(video.url, download=False))
        if info.get("_type", "video") != "video":
            raise MediaError("Unsupported", f"{video.url} leads to a playlist, not to one video")
        wanted = self._source.captions
        if wanted is not Captions.IGNORE:
            fetched = self._captions(info)
            if fetched is not None:
                return fetched
        if wanted is Captions.ONLY:
            raise MediaError("NoCaptions", f"no captions in {', '.join(self._source.languages)}")
        result = with_retries(lambda: self._ydl.process_video_result(dict(info), download=True))
        return FetchedAudio(Path(result["requested_downloads"][0]["filepath"]))

    def _captions(self, info: dict[str, Any]) -> FetchedCaptions | None:
        track = captions.choose(info.get("subtitles") or {}, self._source.languages)
        if track is None:
            return None
        text = with_retries(lambda: self._read(track.url))
        segments = captions.parse(text, track.format)
        if segments is None:
            return None
        return FetchedCaptions(encodable(track.language), segments, seconds(info.get("duration")))

    def _read(self, url: str) -> str:
        with self._ydl.urlopen(url) as response:
            content: bytes = response.read()
        return content.decode("utf-8-sig", errors="replace")
