"""Picks from a worker's log what a person who watches the run wants to see. Pure."""

from __future__ import annotations

import re

_LINE = re.compile(r"\S+Z (?P<level>[A-Z]+) (?:run=\S+ )?(?:shard=\d+ )?(?P<message>.*)")
_NOT_MADE = re.compile(r"video id=\S+ result=(skipped|failed) ")


def event(line: str) -> str | None:
    """Return the message of a warning, of an error, or of a video that is skipped or has failed; else None."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    message = found["message"]
    return message if found["level"] in ("WARNING", "ERROR", "CRITICAL") or _NOT_MADE.match(message) else None
