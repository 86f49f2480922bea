"""Which lines of a cookies.txt are cookies. Pure.

yt-dlp prints the lines that it does not understand, secrets and all, and gives up the whole file for some of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEADER = "# Netscape HTTP Cookie File\n"
_HTTP_ONLY = "#HttpOnly_"
_FIELDS = 7
_TIME = re.compile(r"(\d+(\.\d+)?)?")


@dataclass(frozen=True)
class Jar:
    """The cookies of a file.

    Attributes:
        text: they alone, as a cookies.txt.
        values: what is secret in them.
        passed_over: numbers of the lines that are neither cookies nor comments, from 1.
    """

    text: str
    values: tuple[str, ...]
    passed_over: tuple[int, ...]


def read_jar(text: str) -> Jar:
    """Return what is in a cookies.txt, whether it has Netscape's header or not."""
    good: list[str] = []
    passed_over: list[int] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if _is_comment(line):
            continue
        if _is_cookie(line):
            good.append(line)
        else:
            passed_over.append(number)
    values = tuple(line.split("\t")[-1] for line in good)
    return Jar(_HEADER + "".join(f"{line}\n" for line in good), values, tuple(passed_over))


def _is_comment(line: str) -> bool:
    return not line.strip() or (line.lstrip().startswith(("#", "$")) and not line.startswith(_HTTP_ONLY))


def _is_cookie(line: str) -> bool:
    """Return whether yt-dlp, and the jar of Python's library behind it, take a line."""
    fields = line.removeprefix(_HTTP_ONLY).split("\t")
    if len(fields) != _FIELDS:
        return False
    domain, of_subdomains, _, _, expires, _, _ = fields
    return (of_subdomains == "TRUE") is domain.startswith(".") and _TIME.fullmatch(expires) is not None
