"""How sizes, times and foreign text are written for people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

GIB = 2**30
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_SECONDS_COUNT_BELOW = 10 * _MINUTE


def gib(size: int) -> str:
    """Return a number of bytes in GiB, with one decimal."""
    return f"{size / GIB:.1f} GiB"


def duration(seconds: float) -> str:
    """Return a length of time in at most two units, as `3 h 20 min`; none is negative."""
    whole = max(0, round(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _SECONDS_COUNT_BELOW:
        return _two(whole // _MINUTE, "min", whole % _MINUTE, "s")
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        return _two(whole // _HOUR, "h", whole % _HOUR // _MINUTE, "min")
    return _two(whole // _DAY, "d", whole % _DAY // _HOUR, "h")


def ago(then: datetime, now: datetime) -> str:
    """Return how long ago something was, as `3 min ago`."""
    return f"{duration((now - then).total_seconds())} ago"


def number(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun, as `1 worker` or `2 workers`."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"


def counts(by_reason: Mapping[str, int]) -> str:
    """Return counts by reason, the largest first, as `Network 2, Gone 1`."""
    ordered = sorted(by_reason.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{reason} {count}" for reason, count in ordered)


def printable(text: str) -> str:
    """Return text that came from elsewhere as one line, without what a terminal would take as a command."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit} {small} {small_unit}" if small else f"{large} {large_unit}"
