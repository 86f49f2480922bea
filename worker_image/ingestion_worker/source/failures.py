"""What an error of the source means, decided by its type and its cause: one table, which `docs/failures.md` shows.

The order counts: what is this pod's own fault, or blocks an address, comes first, since it says nothing of the video.
"""

from __future__ import annotations

import errno
import re
import socket
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from http.client import HTTPException

from yt_dlp.networking.exceptions import HTTPError, NoSupportingHandlers, RequestError, UnsupportedRequest
from yt_dlp.utils import (
    ContentTooShortError,
    DownloadError,
    ExtractorError,
    GeoRestrictedError,
    UnavailableVideoError,
    UnsupportedError,
    UserNotLive,
)

from ingestion_worker.media.errors import MediaError
from ingestion_worker.source.addresses import AddressRefused
from ingestion_worker.source.allowance import TooSlow


class Verdict(Enum):
    """What follows from a failure."""

    PERMANENT = "the video is skipped"
    DEFERRED = "the video is skipped; a later run takes it up"
    TRANSIENT = "tried again with back-off, then the video has failed"
    BLOCKED = "the source blocks this address: the shard stops, and the video has not failed"
    LOCAL = "this pod's own disk or memory does not suffice: the shard stops, and the video has not failed"


@dataclass(frozen=True)
class Failure:
    """A failure's verdict, and its reason in one word in CamelCase."""

    verdict: Verdict
    reason: str


class Deferred(Exception):
    """The video cannot be fetched yet. The reason is one word in CamelCase."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class SourceFailure(Exception):
    """What another process has found out about the source, with what follows from it."""

    def __init__(self, failure: Failure, message: str) -> None:
        super().__init__(message)
        self.failure = failure


class StorageUnavailable(Exception):
    """The storage of a file refuses, for a reason that says nothing of the file."""


@dataclass(frozen=True)
class Row:
    """One kind of error.

    Attributes:
        seen: what a person sees of it, for the documents.
    """

    seen: str
    matches: Callable[[BaseException], bool]
    failure: Failure


def _of(seen: str, types: tuple[type[BaseException], ...], verdict: Verdict, reason: str) -> Row:
    return Row(seen, lambda error: isinstance(error, types), Failure(verdict, reason))


def _status(statuses: tuple[int, ...], verdict: Verdict, reason: str) -> Row:
    def matches(error: BaseException) -> bool:
        return isinstance(error, HTTPError) and error.status in statuses

    return Row(f"HTTP status {', '.join(map(str, statuses))}", matches, Failure(verdict, reason))


def _errno(seen: str, numbers: tuple[int, ...], verdict: Verdict, reason: str) -> Row:
    def matches(error: BaseException) -> bool:
        return isinstance(error, OSError) and error.errno in numbers

    return Row(seen, matches, Failure(verdict, reason))


def _says(phrases: tuple[str, ...], verdict: Verdict, reason: str) -> Row:
    pattern = re.compile("|".join(phrase.replace(" ", ".?") for phrase in phrases))
    seen = "says " + ", ".join(f"“{phrase}”" for phrase in phrases)
    return Row(seen, lambda error: pattern.search(_words(error)) is not None, Failure(verdict, reason))


def _words(error: BaseException) -> str:
    """Return what the source says, in lower case, with typographic apostrophes made plain: YouTube writes U+2019.

    Without addresses and ids, which yt-dlp puts into its messages: a talk on captchas is no captcha.
    """
    if isinstance(error, DownloadError) and error.exc_info and error.exc_info[1] is not None:
        return ""
    text = str(error.orig_msg if isinstance(error, ExtractorError) else error)
    return unicodedata.normalize("NFKC", _ADDRESS.sub("", text)).replace("\u2019", "'").lower()


_ADDRESS = re.compile(r"\b\w+://\S+")

_P, _D, _T, _B, _L = Verdict.PERMANENT, Verdict.DEFERRED, Verdict.TRANSIENT, Verdict.BLOCKED, Verdict.LOCAL

TABLE: tuple[Row, ...] = (
    _of("no host memory", (MemoryError,), _L, "HostMemory"),
    # Before the disk, whose error numbers s3fs uses for what it does not know of S3.
    _of("storage that does not answer", (StorageUnavailable,), _T, "Storage"),
    _errno(
        "the scratch disk is full or broken",
        (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO),
        _L,
        "ScratchDisk",
    ),
    _of("an address that the rules do not allow", (AddressRefused,), _P, "AddressRefused"),
    _of("more time than is given to a fetch", (TooSlow,), _T, "TooSlow"),
    _status((429,), _B, "Blocked"),
    _status((404, 410), _P, "Gone"),
    _says(
        ("not a bot", "try again later", "captcha", "anti bot challenge", "rate limit", "too many requests"),
        _B,
        "Blocked",
    ),
    _status((401, 451), _P, "Forbidden"),
    _status((403,), _T, "Forbidden"),
    _of("any other HTTP status", (HTTPError,), _T, "ServerError"),
    _of("yt-dlp: not in this country", (GeoRestrictedError,), _P, "GeoRestricted"),
    _of("yt-dlp: the channel is not live", (UserNotLive,), _D, "NotLive"),
    _says(("premieres in", "will begin", "live event", "upcoming"), _D, "Upcoming"),
    _says(("private video", "video is private"), _P, "Private"),
    _says(("members only", "join this channel"), _P, "MembersOnly"),
    _says(("confirm your age", "age restricted"), _P, "AgeRestricted"),
    _says(("removed", "no longer available", "does not exist", "terminated"), _P, "Gone"),
    _says(("video unavailable", "video is unavailable"), _P, "Gone"),
    _says(("drm protect",), _P, "Protected"),
    _of(
        "yt-dlp: no extractor, or no protocol",
        (UnsupportedError, NoSupportingHandlers, UnsupportedRequest),
        _P,
        "Unsupported",
    ),
    _says(("is not a valid url", "no video formats found", "ffmpeg could not be found"), _P, "Unsupported"),
    _says(("did not get any data",), _T, "Empty"),
    _of("a connection that breaks, stalls or ends too early", (RequestError, ContentTooShortError), _T, "Network"),
    _of("the same, of Python's own", (socket.timeout, ConnectionError, HTTPException), _T, "Network"),
    _of("yt-dlp: the media cannot be had", (UnavailableVideoError,), _T, "Unavailable"),
)

UNKNOWN = Failure(Verdict.TRANSIENT, "SourceError")


def classify(error: BaseException) -> Failure:
    """Return what an error of the source means; what names its reason itself is taken at its word."""
    chain = list(_causes(error))
    for cause in chain:
        if isinstance(cause, SourceFailure):
            return cause.failure
        if isinstance(cause, MediaError):
            return Failure(Verdict.PERMANENT, cause.reason)
        if isinstance(cause, Deferred):
            return Failure(Verdict.DEFERRED, cause.reason)
    return next((row.failure for row in TABLE if any(map(row.matches, chain))), UNKNOWN)


def retry_after(error: BaseException) -> str | None:
    """Return what the source says on when to ask again: the header Retry-After as it is, or None."""
    for cause in _causes(error):
        if isinstance(cause, HTTPError):
            value = cause.response.headers.get("Retry-After")
            return str(value) if value is not None else None
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what it was caused by: yt-dlp keeps causes in places of its own."""
    seen: set[int] = set()
    pending = [error]
    while pending:
        current = pending.pop(0)
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, DownloadError) and current.exc_info:
            pending.append(current.exc_info[1])
        pending += [getattr(current, "cause", None), current.__cause__]
