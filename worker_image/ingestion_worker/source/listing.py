"""Lists the videos behind URLs, without opening each of them."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from yt_dlp import YoutubeDL
from yt_dlp.extractor.generic import GenericIE
from yt_dlp.utils import YoutubeDLError, unsmuggle_url

from ingestion_contract.records import Video
from ingestion_worker.source.failures import Verdict, classify
from ingestion_worker.source.retry import with_retries
from ingestion_worker.source.ytdlp import downloader, seconds
from ingestion_worker.steps.conclusion import ConfigurationError, SourceBlocked, SourceUnavailable
from ingestion_worker.text.words import encodable, one_line

log = logging.getLogger(__name__)

MAX_DEPTH = 3
"""Of lists within lists, as a channel's tabs are."""

MAX_TITLE = 500
"""Characters of a title that are kept."""


def list_videos(urls: Iterable[str], limit: int | None, cookies: Path | None) -> list[Video]:
    """Return the videos behind the URLs, in the source's order, each once, at most `limit`.

    A URL that is gone for good is listed as a video, beside others that are there: it is then skipped with its
    reason, rather than forgotten.

    Raises:
        ConfigurationError: not one URL leads to a video.
        SourceBlocked: the source blocks this address.
        SourceUnavailable: the source did not answer, even when tried again.
    """
    videos: dict[str, Video] = {}
    readable = False
    refused: list[str] = []
    with downloader(cookies, extract_flat="in_playlist", playlistend=limit) as ydl:
        for url in urls:
            try:
                entries = [video for entry in _entries(ydl, url, 0) if (video := _video(entry)) is not None]
            except YoutubeDLError as error:
                entries = [_unreadable(url, error)]
                refused.append(f"{url}: {error}")
            else:
                readable = readable or bool(entries)
            for video in entries:
                _add(videos, video)
            if limit is not None and len(videos) >= limit:
                break
    if not readable:
        why = "; ".join(refused) or "the playlists are empty"
        raise ConfigurationError(f"spec.source.urls lead to no video: {why}", reason="NoVideos")
    return list(videos.values())[:limit]


def _entries(ydl: YoutubeDL, url: str, depth: int) -> Iterator[dict[str, Any]]:
    info = with_retries(lambda: ydl.extract_info(url, download=False))
    yield from _flatten(ydl, info, depth)


def _flatten(ydl: YoutubeDL, info: dict[str, Any], depth: int) -> Iterator[dict[str, Any]]:
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


def _video(entry: dict[str, Any]) -> Video | None:
    """Return a flat entry as a video; None where the source names no address."""
    address = entry.get("webpage_url") or entry.get("url")
    if not address:
        log.warning("an entry without an address is passed over: %s", entry.get("title") or entry.get("id"))
        return None
    url, smuggled = unsmuggle_url(str(address), {})
    extractor = str(entry.get("ie_key") or entry["extractor"]).lower()
    own_id = entry.get("id") or smuggled.get("force_videoid") or GenericIE._generic_id(url)
    return Video(
        id=encodable(f"{extractor}:{own_id}"),
        url=encodable(url),
        title=one_line(str(entry.get("title") or ""))[:MAX_TITLE],
        duration_seconds=seconds(entry.get("duration")),
    )


def _add(videos: dict[str, Video], video: Video) -> None:
    """Add a video that is not there yet.

    Ids of sites are unique. Those of the generic extractor are made from the last part of the address, so that two
    addresses may share one: the later gets a part of its address's hash.
    """
    known = videos.get(video.id)
    if known is not None and known.url != video.url and video.id.startswith("generic:"):
        suffix = hashlib.sha256(video.url.encode()).hexdigest()[:8]
        video = video.model_copy(update={"id": f"{video.id}-{suffix}"})
    videos.setdefault(video.id, video)


def _unreadable(url: str, error: YoutubeDLError) -> Video:
    """Return a URL that is gone for good as a video.

    Raises:
        SourceBlocked, SourceUnavailable: it is not gone for good.
    """
    failure = classify(error)
    if failure.verdict is Verdict.BLOCKED:
        raise SourceBlocked(f"the source blocks this address: {error}") from error
    if failure.verdict is not Verdict.PERMANENT:
        raise SourceUnavailable(f"{url} does not answer: {error}") from error
    return Video(id=f"generic:{GenericIE._generic_id(url)}", url=url)
