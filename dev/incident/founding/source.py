"""What yt-dlp reads: the list, and of each video its captions or else its audio."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import webvtt
from yt_dlp import YoutubeDL

_OPTIONS: dict[str, Any] = {"quiet": True, "noprogress": True, "cachedir": False, "fixup": "never", "proxy": ""}
"""`proxy`: the sample media are served on this machine."""


@dataclass(frozen=True)
class Listed:
    """A video of the list; `seconds` is how long it plays."""

    url: str
    seconds: float

    @property
    def id(self) -> str:
        """The last part of its address, without the extension."""
        return Path(urlsplit(self.url).path).stem


def listed(feed: str) -> list[Listed]:
    """Return the videos of a feed."""
    with YoutubeDL(_OPTIONS | {"extract_flat": "in_playlist"}) as ydl:
        entries = ydl.extract_info(feed, download=False)["entries"]
        return [Listed(entry["url"], float(entry["duration"])) for entry in entries]


def captions(url: str) -> str | None:
    """Return the text of a video's English captions, None if it has none.

    Raises:
        yt_dlp.utils.DownloadError: the video cannot be had.
    """
    with YoutubeDL(_OPTIONS) as ydl:
        tracks = ydl.extract_info(url, download=False).get("subtitles", {}).get("en")
        if not tracks:
            return None
        text = ydl.urlopen(tracks[0]["url"]).read().decode()
    return " ".join(cue.text for cue in webvtt.from_string(text).captions)


def audio(url: str, folder: Path) -> Path:
    """Download the audio of a video into a folder, and return the file.

    Raises:
        yt_dlp.utils.DownloadError: the video cannot be had.
    """
    options = {"format": "bestaudio/best", "outtmpl": f"{folder}/%(id)s.%(ext)s"}
    with YoutubeDL(_OPTIONS | options) as ydl:
        return Path(ydl.extract_info(url)["requested_downloads"][0]["filepath"])
