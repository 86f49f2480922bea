"""yt-dlp as a library, set up for a program without a terminal."""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import Any

from yt_dlp import YoutubeDL

log = logging.getLogger(__name__)

SOCKET_TIMEOUT_SECONDS = 30


class _Logger:
    """yt-dlp's own words are details: what matters comes out as an exception."""

    def debug(self, message: str) -> None:
        log.debug("yt-dlp: %s", message)

    info = warning = error = debug


def seconds(value: object) -> float | None:
    """Return a duration that yt-dlp passes on from the source, or None if it is none."""
    if isinstance(value, int | float) and 0 <= value < float("inf"):
        return float(value)
    return None


def downloader(cookies: Path | None, **options: Any) -> YoutubeDL:
    """Return a yt-dlp that raises its errors, prints nothing, and keeps no cache.

    Args:
        cookies: a cookies.txt, which is read and never written.
        options: yt-dlp's own.
    """
    common: dict[str, Any] = {
        "quiet": True,
        "noprogress": True,
        "cachedir": False,
        "color": "no_color",
        "logger": _Logger(),
        "socket_timeout": SOCKET_TIMEOUT_SECONDS,
    }
    if cookies is not None and cookies.exists():
        common["cookiefile"] = io.StringIO(cookies.read_text())
    return YoutubeDL(common | options)
