"""Links that lead into the middle of a video."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_IN_QUERY = {
    "youtube.com": ("t", "{}s"),
    "youtube-nocookie.com": ("t", "{}s"),
    "youtu.be": ("t", "{}"),
    "twitch.tv": ("t", "{}s"),
    "dailymotion.com": ("start", "{}"),
}
"""Sites whose pages take the time as a parameter: its name, and how seconds are written."""


def deep_link(url: str, seconds: float) -> str:
    """Return a link to a moment of a video, in whole seconds, rounded down.

    Where a site is not known to take the time as a parameter, it is a media fragment of the W3C (`#t=83`), which
    browsers obey for media files, and which does no harm elsewhere.
    """
    whole = int(seconds)
    parts = urlsplit(url)
    for site, (name, form) in _IN_QUERY.items():
        if parts.hostname == site or (parts.hostname or "").endswith(f".{site}"):
            query = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key != name]
            return urlunsplit(parts._replace(query=urlencode([*query, (name, form.format(whole))]), fragment=""))
    return urlunsplit(parts._replace(fragment=f"t={whole}"))
