"""What an index holds of a video, what it should hold, and the difference."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

_SLUG_LENGTH = 36


@dataclass(frozen=True, order=True)
class VectorSpace:
    """The vectors that may be compared with each other: those of one embedder. A table of an index holds one.

    Attributes:
        model: the embedder's name, as the run gives it.
        dimension: length of a vector.
    """

    model: str
    dimension: int

    @property
    def table(self) -> str:
        """The table's name: readable, unique, and short enough for PostgreSQL's 63 bytes with a suffix of 8."""
        slug = re.sub(r"[^a-z0-9]+", "_", self.model.lower()).strip("_")[-_SLUG_LENGTH:].strip("_")
        digest = hashlib.sha256(self.model.encode()).hexdigest()[:6]
        return f"chunks_{slug}_{self.dimension}_{digest}"


@dataclass(frozen=True, slots=True)
class Entry:
    """The rows of a video: the key of the output that they are from, and how many they are."""

    key: str
    rows: int


MIXED = ""
"""The key of an entry whose rows are from several outputs: never what is wanted."""


@dataclass(frozen=True)
class Difference:
    """Ids of the videos whose rows are to be written, and of those whose rows are to go; each sorted."""

    write: list[str]
    remove: list[str]

    def __bool__(self) -> bool:
        return bool(self.write or self.remove)


def difference(wanted: Mapping[str, Entry], present: Mapping[str, Entry]) -> Difference:
    """Return what makes an index that holds `present` hold `wanted`; both by video id."""
    return Difference(
        write=sorted(video for video, entry in wanted.items() if present.get(video) != entry),
        remove=sorted(video for video in present if video not in wanted),
    )


def count(keys: Mapping[tuple[str, str], int]) -> dict[str, Entry]:
    """Return entries by video id.

    Args:
        keys: the number of rows by video id and key; a video may have rows of several keys after a kill.
    """
    found: dict[str, Entry] = {}
    for (video, key), rows in keys.items():
        found[video] = Entry(MIXED, rows) if video in found else Entry(key, rows)
    return found
