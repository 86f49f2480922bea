"""What an index can do, whatever database holds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion_worker.index.entries import Entry, VectorSpace


@dataclass(frozen=True)
class FoundChunk:
    """A chunk that was found. `start` and `end` in seconds from the beginning of the video."""

    video_id: str
    chunk_index: int
    title: str
    url: str
    transcript_key: str
    start: float
    end: float
    text: str


FOUND_COLUMNS = tuple(FoundChunk.__dataclass_fields__)


class ChunkIndex(Protocol):
    """A table for each embedder, whose rows are the chunks of videos.

    A change that is cut off shows in `entries`, and is made whole by doing it again. Every method raises
    OutputUnavailable where the database refuses.
    """

    def spaces(self) -> list[VectorSpace]:
        """Return the embedders whose tables hold rows of this output, sorted."""

    def entries(self, space: VectorSpace) -> dict[str, Entry]:
        """Return what a table holds, by video id; nothing where there is no such table."""

    def replace(self, space: VectorSpace, rows: pa.Table) -> None:
        """Write rows of whole videos, in place of all that the table holds of those videos."""

    def remove(self, space: VectorSpace, videos: Sequence[str]) -> None:
        """Delete all rows of videos."""

    def settle(self, space: VectorSpace) -> None:
        """Make what was written quick to search; does nothing where that was done already."""

    def by_text(self, space: VectorSpace, words: str, limit: int) -> list[FoundChunk]:
        """Return the chunks that hold one of the words or more, the best first."""

    def by_vector(self, space: VectorSpace, vector: NDArray[np.float32], limit: int) -> list[FoundChunk]:
        """Return the chunks whose vectors are nearest by cosine, the nearest first."""
