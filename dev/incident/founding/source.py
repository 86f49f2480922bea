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


Info = dict[str, Any]
"""yt-dlp's, of one video."""


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


class Source:
    """One yt-dlp for all videos of a process.

    Args:
        folder: where the audio of a video lies, until it is deleted.
    """

    def __init__(self, folder: Path) -> None:
        options = {"format": "bestaudio/best", "outtmpl": f"{folder}/%(id)s.%(ext)s"}
        self._ydl = YoutubeDL(_OPTIONS | options)

    def look(self, url: str) -> Info:
        """Return what the source says of a video.

        Raises:
            yt_dlp.utils.DownloadError: the video cannot be had.
        """
        info: Info = self._ydl.extract_info(url, download=False)
        return info

    def captions(self, info: Info) -> str | None:
        """Return the text of a video's English captions, None if it has none.

        Raises:
            yt_dlp.networking.exceptions.RequestError: they cannot be had.
        """
        tracks = info.get("subtitles", {}).get("en")
        if not tracks:
            return None
        text = self._ydl.urlopen(tracks[0]["url"]).read().decode()
        return " ".join(cue.text for cue in webvtt.from_string(text).captions)

    def audio(self, info: Info) -> Path:
        """Download the audio of a video, and return the file.

        Raises:
            yt_dlp.utils.DownloadError: it cannot be had.
        """
        result = self._ydl.process_video_result(dict(info), download=True)
        return Path(result["requested_downloads"][0]["filepath"])
