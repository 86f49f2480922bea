"""Lists the videos behind URLs, without opening each of them: of web sites by yt-dlp, of files by fsspec."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from yt_dlp.extractor.generic import GenericIE
from yt_dlp.utils import YoutubeDLError, unsmuggle_url

from ingestion_contract.records import Video
from ingestion_contract.redaction import redacted
from ingestion_worker.conclusion import ConfigurationError, SourceBlocked, SourceUnavailable
from ingestion_worker.media.errors import MediaError
from ingestion_worker.source import storage
from ingestion_worker.source.addresses import AddressRules, check_url
from ingestion_worker.source.allowance import Announce, FetchLimits, nobody
from ingestion_worker.source.failures import Deferred, StorageUnavailable, Verdict, classify
from ingestion_worker.source.ids import video_id
from ingestion_worker.source.retry import with_retries
from ingestion_worker.source.ytdlp import Downloader, seconds
from ingestion_worker.text.words import encodable, one_line

log = logging.getLogger(__name__)

MAX_DEPTH = 3
"""Of lists within lists, as a channel's tabs are."""

MAX_TITLE = 500
"""Characters of a title that are kept."""

_PAGES = 16
"""A list may have so many times the bytes of its largest page."""


def list_videos(
    urls: Iterable[str],
    limit: int | None,
    cookies: Path | None,
    rules: AddressRules,
    limits: FetchLimits = FetchLimits(),  # noqa: B008 - frozen
    announce: Announce = nobody,
) -> list[Video]:
    """Return the videos behind the URLs, in the source's order, each once, at most `limit`.

    A URL that is gone for good is listed as a video, beside others that are there: it is then skipped with its
    reason, rather than forgotten.

    Args:
        rules: which addresses may be asked.
        announce: is told how long each URL may take.

    Raises:
        ConfigurationError: not one URL leads to a video.
        SourceBlocked: the source blocks this address.
        SourceUnavailable: the source did not answer, even when tried again.
    """
    videos: dict[str, Video] = {}
    readable = False
    refused: list[str] = []
    with Downloader(cookies, rules, limits, announce, extract_flat="in_playlist", playlistend=limit) as ydl:
        for url in urls:
            try:
                with ydl.allowance.spend(limits.page_bytes * _PAGES, limits.page_seconds):
                    entries = _listed(ydl, url, rules)
            except (YoutubeDLError, MediaError, Deferred, StorageUnavailable, OSError) as error:
                entries = [_unreadable(url, error)]
                refused.append(encodable(f"{url}: {error}"))
            else:
                readable = readable or bool(entries)
            for video in entries:
                _add(videos, video)
            if limit is not None and len(videos) >= limit:
                break
    if not readable:
        why = "; ".join(refused) or "the playlists are empty, and the folders hold no media"
        raise ConfigurationError(f"spec.source.urls lead to no video: {why}", reason="NoVideos")
    return list(videos.values())[:limit]


def _listed(ydl: Downloader, url: str, rules: AddressRules) -> list[Video]:
    check_url(url)
    if storage.is_stored(url):
        return with_retries(lambda: storage.list_files(url, rules))
    entries = list(_entries(ydl, url, 0))
    # Of a file on a web server, which was the last to be asked; a site's videos have ids that stay with them.
    version = ydl.last_version() if len(entries) == 1 and entries[0].get("direct") else ""
    return [video for entry in entries if (video := _video(entry, version)) is not None]


def _entries(ydl: Downloader, url: str, depth: int) -> Iterator[dict[str, Any]]:
    info = with_retries(lambda: _extracted(ydl, url))
    yield from _flatten(ydl, info, depth)


def _extracted(ydl: Downloader, url: str) -> dict[str, Any]:
    try:
        info: dict[str, Any] = ydl.extract_info(url, download=False)
    except ValueError as error:  # of whatever a source has written where yt-dlp expects something else
        raise MediaError("Unsupported", f"{url} cannot be read: {error}") from error
    return info


def _flatten(ydl: Downloader, info: dict[str, Any], depth: int) -> Iterator[dict[str, Any]]:
    if info.get("_type", "video") in ("playlist", "multi_video"):
        for entry in info["entries"]:
            if entry is not None:
                yield from _flatten(ydl, {"extractor": info["extractor"], **entry}, depth)
    elif _is_list(info) and depth < MAX_DEPTH:
        yield from _entries(ydl, info["url"], depth + 1)
    else:
        yield info


def _is_list(entry: dict[str, Any]) -> bool:
    return str(entry.get("ie_key") or "").endswith(("Tab", "Playlist", "Channel"))


def _video(entry: dict[str, Any], version: str) -> Video | None:
    """Return a flat entry as a video; None where the source names no address, or one that is no web site's.

    A web site does not get to name files: those are for the user, in `spec.source.urls`.
    """
    address = entry.get("webpage_url") or entry.get("url")
    if not address:
        log.warning("an entry without an address is passed over: %s", entry.get("title") or entry.get("id"))
        return None
    url, forced_id = _plain(str(address))
    if storage.scheme_of(url) not in ("", "http", "https"):
        log.warning("an entry that leads away from the web is passed over: %s", url)
        return None
    # The key, since an extractor's name is another text for many sites; a flat entry has it below another name.
    extractor = str(entry.get("ie_key") or entry.get("extractor_key") or entry["extractor"]).lower()
    own_id = entry.get("id") or forced_id or GenericIE._generic_id(url)
    return Video(
        id=video_id(f"{extractor}:{own_id}"),
        url=encodable(url),
        # Not `told`: a title is what was asked for, and may hold a word that is somebody's password.
        title=one_line(redacted(str(entry.get("title") or "")))[:MAX_TITLE],
        duration_seconds=seconds(entry.get("duration")),
        version=version,
    )


def _plain(address: str) -> tuple[str, str]:
    """Return an address without what yt-dlp's extractors tell each other in it, and the id that this may name."""
    try:
        url, told = unsmuggle_url(address, {})
        return url, str(told.get("force_videoid") or "")
    except (ValueError, KeyError, AttributeError):  # a source may write anything there
        return address, ""


def _add(videos: dict[str, Video], video: Video) -> None:
    """Add a video that is not there yet.

    Ids of sites are unique. Those of the generic extractor are made from the last part of the address, so that two
    addresses may share one: the later gets a part of its address's hash.
    """
    known = videos.get(video.id)
    if known is not None and video.id.startswith("generic:") and _canonical(known.url) != _canonical(video.url):
        suffix = hashlib.sha256(_canonical(video.url).encode()).hexdigest()[:8]
        video = video.model_copy(update={"id": video_id(f"{video.id}-{suffix}")})
    videos.setdefault(video.id, video)


def _canonical(url: str) -> str:
    """Return a URL such that two that differ in writing only, or in where the player is to start, are one."""
    try:
        parts = urlsplit(_START.sub("", url))
    except ValueError:
        return url
    host = parts.netloc.lower().removesuffix(":80" if parts.scheme.lower() == "http" else ":443")
    return urlunsplit((parts.scheme.lower(), host, parts.path or "/", parts.query, parts.fragment))


_START = re.compile(r"#t=[\d.,:]*$")


def _unreadable(url: str, error: Exception) -> Video:
    """Return a URL that is gone for good, or not there yet, as a video.

    Raises:
        SourceBlocked, SourceUnavailable: it is neither.
    """
    failure = classify(error)
    if failure.verdict is Verdict.BLOCKED:
        raise SourceBlocked(f"the source blocks this address: {error}") from error
    if failure.verdict not in (Verdict.PERMANENT, Verdict.DEFERRED):
        raise SourceUnavailable(f"{url} does not answer: {error}") from error
    own_id = storage.id_of(url) if storage.is_stored(url) else video_id(f"generic:{GenericIE._generic_id(url)}")
    return Video(id=own_id, url=encodable(url))
