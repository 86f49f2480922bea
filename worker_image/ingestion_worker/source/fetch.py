"""Fetches one video: its captions if they will do, else its audio."""

from __future__ import annotations

import fcntl
import logging
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from shutil import disk_usage
from tempfile import mkdtemp
from typing import Any

from yt_dlp.utils import ISO639Utils

from ingestion_contract.records import Segment, Video
from ingestion_contract.spec import Captions, Source
from ingestion_worker.media.errors import MediaError
from ingestion_worker.source import captions, storage
from ingestion_worker.source.addresses import AddressRules, check_url
from ingestion_worker.source.allowance import Announce, FetchLimits, nobody
from ingestion_worker.source.failures import Deferred, Verdict, classify
from ingestion_worker.source.retry import with_retries
from ingestion_worker.source.ytdlp import Downloader, seconds
from ingestion_worker.text.words import encodable

log = logging.getLogger(__name__)

DISK_SHARE = 4
"""A video may have one part in so many of what was free on the scratch disk: one alone must not fill it, or the pod
would end as one whose disk is too small, and with it the other videos of its shard."""


@dataclass(frozen=True)
class FetchedCaptions:
    """Captions of a video. `duration_seconds` is None where the source does not say."""

    language: str
    segments: Sequence[Segment]
    duration_seconds: float | None
    automatic: bool = False


@dataclass(frozen=True)
class FetchedAudio:
    """A downloaded file with the audio of a video; whoever keeps it moves it away before the next fetch.

    Attributes:
        language: what the source says is spoken in it, as ISO 639-1 with a region perhaps.
        duration_seconds: as the source says.
    """

    path: Path
    language: str | None = None
    duration_seconds: float | None = None


class Fetcher:
    """Fetches videos into a folder of its own below the scratch folder. One per thread: yt-dlp keeps state.

    Its own, since two videos may share an id: the generic extractor makes it from the last part of an address.
    """

    def __init__(
        self,
        source: Source,
        scratch: Path,
        cookies: Path | None,
        rules: AddressRules,
        limits: FetchLimits = FetchLimits(),  # noqa: B008 - frozen
        announce: Announce = nobody,
    ) -> None:
        self._scratch = scratch
        self._announce = announce
        self._folder = Path(mkdtemp(dir=scratch, prefix="fetch-"))
        self._source = source
        self._rules = rules
        self._limits = limits
        self._media_bytes = min(limits.media_bytes, disk_usage(self._folder).free // DISK_SHARE)
        self._ydl = Downloader(
            cookies,
            rules,
            limits,
            announce,
            format="bestaudio/best",
            outtmpl=f"{self._folder}/media.%(ext)s",
            noplaylist=True,
            fixup="never",
            continuedl=False,
            overwrites=True,
        )

    @property
    def folder(self) -> Path:
        """Where it leaves files."""
        return self._folder

    def fetch(self, video: Video) -> FetchedCaptions | FetchedAudio:
        """Return the captions of a video, or a file with its audio; with captions, no audio is downloaded.

        Raises:
            MediaError: there are no captions, and the run wants nothing else; or what is there is no media, or no URL.
            Deferred: the video is not there yet.
            AddressRefused: the rules do not allow its address.
            StorageUnavailable, yt_dlp.utils.YoutubeDLError, OSError: see `failures.classify`.
        """
        check_url(video.url)
        if storage.is_stored(video.url):
            return self._file(video)
        with self._time_for_pages():
            info = with_retries(lambda: self._look(video.url))
        if self._source.captions is not Captions.IGNORE and (found := self._captions(info)) is not None:
            return found
        if self._source.captions is Captions.ONLY:
            raise MediaError("NoCaptions", f"no captions in {', '.join(self._source.languages)}")
        return self._audio(video.url, info)

    def _file(self, video: Video) -> FetchedAudio:
        if self._source.captions is Captions.ONLY:
            raise MediaError("NoCaptions", f"{video.url} is a file, which comes without captions")
        with self._time_for_media():
            return FetchedAudio(with_retries(lambda: self._copy(video)))

    def _copy(self, video: Video) -> Path:
        target = self._folder / "media"
        with self._empty_folder():
            storage.copy(video, target, self._rules, self._ydl.allowance)
        return target

    def _look(self, url: str) -> dict[str, Any]:
        """Return what the source says of a video."""
        info: dict[str, Any] = self._ydl.extract_info(url, download=False)
        if info.get("_type", "video") != "video":
            raise MediaError("Unsupported", f"{url} leads to a playlist, not to one video")
        status = info.get("live_status")
        if status == "is_upcoming":
            raise Deferred("Upcoming", f"{url} is announced, and not there yet")
        if info.get("is_live") or status in ("is_live", "post_live"):
            raise Deferred("Live", f"{url} is live, or was until just now: there is no recording yet")
        return info

    def _captions(self, info: dict[str, Any]) -> FetchedCaptions | None:
        """Return the first captions that can be used, or None.

        What goes wrong with captions is no matter where speech recognition is left; else it is the video's failure.
        """
        failure: Exception | None = None
        for track in captions.candidates(info, self._source.languages):
            try:
                with self._ydl.allowance.spend(self._limits.caption_bytes, self._limits.page_seconds):
                    text = with_retries(partial(self._read, track.url))
            except Exception as error:
                verdict = classify(error).verdict
                if verdict in (Verdict.BLOCKED, Verdict.LOCAL):
                    raise
                log.warning("captions that cannot be read are passed over: %s", error)
                failure = error if verdict is Verdict.TRANSIENT else failure
                continue
            self._announce(self._limits.parse_seconds)
            with self._alone():
                segments = captions.parse(text, track.format, track.automatic)
            if segments is not None:
                language = encodable(track.language)
                return FetchedCaptions(language, segments, seconds(info.get("duration")), track.automatic)
        if failure is not None and self._source.captions is Captions.ONLY:
            raise failure
        return None

    def _read(self, url: str) -> str:
        with self._ydl.urlopen(url) as response:
            content: bytes = response.read()
        return content.decode("utf-8-sig", errors="replace")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one fetcher at a time read captions into objects: those of all together would need too much memory.

        By a lock on the scratch folder, since fetchers are in processes of their own.
        """
        folder = os.open(self._scratch, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _audio(self, url: str, info: dict[str, Any]) -> FetchedAudio:
        """Download the audio; from the second attempt on with new addresses, since those of media expire."""
        known = [info]
        with self._time_for_media():
            result = with_retries(lambda: self._download(known.pop() if known else self._look(url)))
        downloaded = result["requested_downloads"][0]
        path = Path(downloaded["filepath"])
        if _is_page(path):
            path.unlink()
            raise MediaError("NotMedia", f"{url} leads to a page where media should be")
        language = _language(downloaded.get("language") or result.get("language"))
        return FetchedAudio(path, language, seconds(result.get("duration")))

    def _download(self, info: dict[str, Any]) -> dict[str, Any]:
        with self._empty_folder():
            result: dict[str, Any] = self._ydl.process_video_result(dict(info), download=True)
        return result

    @contextmanager
    def _empty_folder(self) -> Iterator[None]:
        """Begin without what an earlier attempt has left, to which yt-dlp would append; leave nothing after a failure.

        What it would append to is a stream in parts, whatever `continuedl` says.
        """
        self._clear()
        try:
            yield
        except BaseException:
            self._clear()
            raise

    def _clear(self) -> None:
        for path in self._folder.iterdir():
            path.unlink()

    def _time_for_pages(self) -> AbstractContextManager[None]:
        return self._ydl.allowance.spend(self._limits.page_bytes, self._limits.page_seconds)

    def _time_for_media(self) -> AbstractContextManager[None]:
        return self._ydl.allowance.spend(self._media_bytes, self._limits.media_seconds)


def _is_page(path: Path) -> bool:
    with path.open("rb") as file:
        beginning = file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return beginning.startswith((b"<!doctype html", b"<html"))


def _language(said: object) -> str | None:
    """Return a language that a source names, with the two letters of ISO 639-1; None where that has no such one."""
    match = re.fullmatch(r"([A-Za-z]{2,3})([-_]\w+)*", str(said or ""))
    if match is None:
        return None
    short = match[1].lower() if len(match[1]) == 2 else ISO639Utils.long2short(match[1].lower())
    return short and short + str(said)[len(match[1]) :].replace("_", "-")
