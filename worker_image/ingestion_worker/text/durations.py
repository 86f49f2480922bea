"""Times as a person reads them. Pure."""

from __future__ import annotations


def clock(seconds: float) -> str:
    """Return whole seconds as h:mm:ss."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def short_clock(seconds: float) -> str:
    """Return whole seconds as h:mm:ss, or m:ss below an hour: where many stand side by side."""
    return clock(seconds) if seconds >= 3600 else f"{int(seconds) // 60}:{int(seconds) % 60:02}"
