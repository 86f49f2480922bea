"""What an error of the source means, decided by its type and its cause: one table.

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


class Verdict(Enum):
    """What follows from a failure."""

    PERMANENT = "the video is skipped"
    TRANSIENT = "tried again with back-off, then the video has failed"
    BLOCKED = "the source blocks this address: the shard stops, and the video has not failed"
    LOCAL = "this pod's own disk or memory does not suffice: the shard stops, and the video has not failed"


@dataclass(frozen=True)
class Failure:
    """A failure's verdict, and its reason in one word in CamelCase."""

    verdict: Verdict
    reason: str


Matcher = Callable[[BaseException], bool]


def _of(*types: type[BaseException]) -> Matcher:
    return lambda error: isinstance(error, types)


def _status(*statuses: int) -> Matcher:
    return lambda error: isinstance(error, HTTPError) and error.status in statuses


def _errno(*numbers: int) -> Matcher:
    return lambda error: isinstance(error, OSError) and error.errno in numbers


def _says(pattern: str) -> Matcher:
    compiled = re.compile(pattern)
    return lambda error: compiled.search(_words(error)) is not None


def _words(error: BaseException) -> str:
    """Return what the source says, in lower case, with typographic apostrophes made plain: YouTube writes U+2019.

    Without addresses and ids, which yt-dlp puts into its messages: a talk on captchas is no captcha.
    """
    if isinstance(error, DownloadError) and error.exc_info and error.exc_info[1] is not None:
        return ""
    text = str(error.orig_msg if isinstance(error, ExtractorError) else error)
    return unicodedata.normalize("NFKC", _ADDRESS.sub("", text)).replace("\u2019", "'").lower()


_ADDRESS = re.compile(r"\b\w+://\S+")

_BLOCKED = Failure(Verdict.BLOCKED, "Blocked")

TABLE: tuple[tuple[Matcher, Failure], ...] = (
    (_of(MemoryError), Failure(Verdict.LOCAL, "HostMemory")),
    (_errno(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO), Failure(Verdict.LOCAL, "ScratchDisk")),
    (_status(429), _BLOCKED),
    (_status(404, 410), Failure(Verdict.PERMANENT, "Gone")),
    (_says(r"not a bot|try again later|captcha|rate.?limit|too many requests"), _BLOCKED),
    (_status(401, 451), Failure(Verdict.PERMANENT, "Forbidden")),
    (_status(403), Failure(Verdict.TRANSIENT, "Forbidden")),
    (_of(HTTPError), Failure(Verdict.TRANSIENT, "ServerError")),
    (_of(GeoRestrictedError), Failure(Verdict.PERMANENT, "GeoRestricted")),
    (_of(UserNotLive), Failure(Verdict.PERMANENT, "NotLive")),
    (_says(r"private video|video is private"), Failure(Verdict.PERMANENT, "Private")),
    (_says(r"members.only|join this channel"), Failure(Verdict.PERMANENT, "MembersOnly")),
    (_says(r"premieres in|will begin|live event|upcoming"), Failure(Verdict.PERMANENT, "Upcoming")),
    (_says(r"removed|no longer available|does not exist|terminated"), Failure(Verdict.PERMANENT, "Gone")),
    (_says(r"video unavailable|video is unavailable"), Failure(Verdict.PERMANENT, "Gone")),
    (_says(r"drm protect"), Failure(Verdict.PERMANENT, "Protected")),
    (_of(UnsupportedError, NoSupportingHandlers, UnsupportedRequest), Failure(Verdict.PERMANENT, "Unsupported")),
    (_says(r"is not a valid url|no video formats found"), Failure(Verdict.PERMANENT, "Unsupported")),
    (_of(RequestError, ContentTooShortError), Failure(Verdict.TRANSIENT, "Network")),
    (_of(socket.timeout, ConnectionError, HTTPException), Failure(Verdict.TRANSIENT, "Network")),
    (_of(UnavailableVideoError), Failure(Verdict.TRANSIENT, "Unavailable")),
)

UNKNOWN = Failure(Verdict.TRANSIENT, "SourceError")


def classify(error: BaseException) -> Failure:
    """Return what an error of the source means."""
    chain = list(_causes(error))
    for cause in chain:
        if isinstance(cause, MediaError):
            return Failure(Verdict.PERMANENT, cause.reason)
    return next((failure for matches, failure in TABLE if any(map(matches, chain))), UNKNOWN)


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
