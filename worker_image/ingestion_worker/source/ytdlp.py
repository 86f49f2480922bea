"""yt-dlp as a library, set up for a program without a terminal."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from yt_dlp import YoutubeDL
from yt_dlp.downloader import get_suitable_downloader
from yt_dlp.downloader.dash import DashSegmentsFD
from yt_dlp.downloader.hls import HlsFD
from yt_dlp.downloader.http import HttpFD
from yt_dlp.downloader.ism import IsmFD
from yt_dlp.networking.common import RequestDirector
from yt_dlp.networking.exceptions import RequestError
from yt_dlp.utils import DownloadError

from ingestion_contract import pod
from ingestion_worker.media.errors import MediaError
from ingestion_worker.media.length import MOST_SECONDS
from ingestion_worker.source.addresses import AddressRules
from ingestion_worker.source.allowance import Allowance, Announce, FetchLimits, nobody
from ingestion_worker.source.cookies import read_jar
from ingestion_worker.source.transport import GuardedRH

log = logging.getLogger(__name__)

_NATIVE = (HttpFD, HlsFD, DashSegmentsFD, IsmFD)
"""Ways to download that go through this process's handler, and start no other program."""

_NO_FFMPEG = "/nonexistent/ffmpeg"
"""yt-dlp hands some streams over to ffmpeg, which asks no address rules, unless it finds none."""


class _Logger:
    """yt-dlp's own words are details: what matters comes out as an exception."""

    def debug(self, message: str) -> None:
        log.debug("yt-dlp: %s", message)

    info = warning = error = debug


def seconds(value: object) -> float | None:
    """Return a duration that yt-dlp passes on from the source, or None if it is none, or none that a video has."""
    if isinstance(value, int | float) and 0 <= value <= MOST_SECONDS:
        return float(value)
    return None


def proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the proxies that the environment names, by scheme, as yt-dlp takes them.

    Not by `urllib.request.getproxies`, which reads `hTTp_proxy`, too: whoever sets the two spellings that everybody
    reads, as the operator does in pods, has the last word.
    """
    found = {name.partition("_")[0]: environment.get(name) or environment.get(name.upper()) for name in pod.PROXIES}
    named = {scheme: proxy for scheme, proxy in found.items() if proxy}
    if "http" in named:
        named.setdefault("https", named["http"])
    return named


class Downloader(YoutubeDL):  # type: ignore[misc]
    """A yt-dlp that raises its errors, prints nothing, keeps no cache, and asks only addresses that the rules allow.

    Within `allowance.spend(...)` only: outside of it nothing is allowed.

    Args:
        cookies: a cookies.txt, which is read and never written.
        announce: is told how long each part of a fetch may take.
        options: yt-dlp's own.
    """

    def __init__(
        self,
        cookies: Path | None,
        rules: AddressRules,
        limits: FetchLimits,
        announce: Announce = nobody,
        **options: Any,
    ) -> None:
        self.allowance = Allowance(announce)
        self._rules = rules
        self._limits = limits
        self._last_error: RequestError | None = None
        self._last_headers: Mapping[str, str] = {}
        common: dict[str, Any] = {
            "quiet": True,
            "noprogress": True,
            "cachedir": False,
            "color": "no_color",
            "logger": _Logger(),
            "socket_timeout": limits.silence_seconds,
            "ffmpeg_location": _NO_FFMPEG,
            "hls_prefer_native": True,
            "skip_unavailable_fragments": False,
        }
        if cookies is not None and cookies.exists():
            common["cookiefile"] = io.StringIO(read_jar(cookies.read_text()).text)
        super().__init__(common | options)

    @cached_property
    def proxies(self) -> dict[str, str]:
        """The proxies of the environment."""
        return proxies(os.environ)

    @cached_property
    def _request_director(self) -> RequestDirector:
        guarded = partial(
            GuardedRH,
            rules=self._rules,
            allowance=self.allowance,
            page_bytes=self._limits.page_bytes,
            failed=self._remember,
        )
        return self.build_request_director([guarded])

    def urlopen(self, req: Any) -> Any:
        """Ask, and keep the error for `trouble`."""
        self._last_error = None
        try:
            answer = super().urlopen(req)
        except RequestError as error:
            self._remember(error)
            raise
        self._last_headers = answer.headers
        return answer

    def last_version(self) -> str:
        """Return what changes with the content that the last answer had: its etag, or else its size and time."""
        etag = self._last_headers.get("ETag")
        told = [etag] if etag else [self._last_headers.get(name) for name in ("Content-Length", "Last-Modified")]
        return " ".join(one for one in told if one)

    def add_default_extra_info(self, info: dict[str, Any], extractor: Any, url: str) -> None:
        """Add what yt-dlp finds in an address; nothing of a malformed one, which would end the whole list."""
        with suppress(ValueError):
            super().add_default_extra_info(info, extractor, url)

    def _remember(self, error: RequestError) -> None:
        self._last_error = error

    def trouble(self, message: str | None = None, tb: Any = None, is_error: bool = True) -> None:
        """Raise, with the cause: the loop of attempts that downloads forgets it."""
        try:
            super().trouble(message, tb, is_error)
        except DownloadError as error:
            if error.exc_info is None or error.exc_info[1] is None:
                raise error from self._last_error
            raise

    def dl(self, name: str, info: dict[str, Any], subtitle: bool = False, test: bool = False) -> Any:
        """Download, but by no other program.

        Raises:
            MediaError: `Unsupported`, only another program could.
        """
        if get_suitable_downloader(info, self.params) not in _NATIVE:
            raise MediaError("Unsupported", f"streams with the protocol {info.get('protocol')} are not read")
        return super().dl(name, info, subtitle, test)
