"""What bringing an index up to date has changed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class IndexCounts:
    """Videos and rows of an index, in all its tables.

    Attributes:
        videos: in the index now; a video without words has no row, and is not counted.
        rows: in the index now; one a chunk.
        written: videos whose rows were new, or not those of the output.
        removed: videos whose rows went, since no run lists them any more.
        damaged: videos that are left out, since their file is not what its manifest says.
    """

    videos: int = 0
    rows: int = 0
    written: int = 0
    removed: int = 0
    damaged: int = 0

    def __add__(self, other: IndexCounts) -> IndexCounts:
        return IndexCounts(
            self.videos + other.videos,
            self.rows + other.rows,
            self.written + other.written,
            self.removed + other.removed,
            self.damaged + other.damaged,
        )
