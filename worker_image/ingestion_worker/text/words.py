"""Words, of others (titles, ids, captions, errors) too, made fit for a record, a log line or a summary."""

from __future__ import annotations

import re

from ingestion_contract.redaction import redacted
from ingestion_worker.text.hidden import without_hidden

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal takes as a command or a line's end, what turns the direction of the text around it, and halves of
characters, which no terminal can be sent."""

_SPACE = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


def encodable(text: str) -> str:
    """Return the text with lone surrogates, which no UTF-8 holds, as escapes: different texts stay different."""
    return text.encode("utf-8", "backslashreplace").decode()


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, whose plural ends in s: `1 video`, `2 videos`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def one_line(text: str, most_bytes: int | None = None) -> str:
    """Return the text in one line without control characters.

    Args:
        most_bytes: cut it to so many bytes of UTF-8; quotes and backslashes, which JSON would lengthen, are replaced.
    """
    line = _SPACE.sub(" ", encodable(text)).strip()
    if most_bytes is None:
        return line
    return line.replace("\\", "/").replace('"', "'").encode()[:most_bytes].decode(errors="ignore")


def escaped(text: str) -> str:
    """Return the text with control characters and line ends as escapes, so that nobody writes log lines of others."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def escaped_json(document: str) -> str:
    """Return a line of JSON, in which such characters stand within strings only, with JSON's own escapes for them."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", document)


def printable(text: str) -> str:
    """Return a text as it may be shown to people: without secrets, and `escaped`."""
    return escaped(without_secrets(text))


def told(text: str, most_bytes: int | None = None) -> str:
    """Return a sentence of others as it may be recorded: without secrets, and `one_line`."""
    return one_line(without_secrets(text), most_bytes)


def without_secrets(text: str) -> str:
    """Return a text without what is secret in its addresses, nor what this process was given as a secret."""
    return without_hidden(redacted(text))
