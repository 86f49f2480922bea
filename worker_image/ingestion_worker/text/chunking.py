"""Cuts a transcript into chunks for the embedder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ingestion_contract.records import Segment

OVERLAP = 0.12
"""Share of a chunk's tokens that the next one repeats."""


@dataclass(frozen=True)
class Chunk:
    """Whole segments of a transcript. `start` and `end` in seconds, `tokens` without the model's special ones."""

    start: float
    end: float
    text: str
    tokens: int


def cut(segments: Sequence[Segment], tokens: Sequence[int], chunk_tokens: int) -> list[Chunk]:
    """Cut a transcript into chunks of at most `chunk_tokens` tokens, of which neighbours overlap by about 12 %.

    A segment is never split: one that is longer than a chunk is a chunk of its own.

    Args:
        segments: the transcript.
        tokens: of each segment, in the embedder's tokens.
        chunk_tokens: length of a chunk.
    """
    chunks = []
    first = 0
    while first < len(segments):
        end = first + 1
        total = tokens[first]
        while end < len(segments) and total + tokens[end] <= chunk_tokens:
            total += tokens[end]
            end += 1
        chunks.append(_chunk(segments[first:end], total))
        if end == len(segments):
            break
        first = _next_first(tokens, first, end, chunk_tokens)
    return chunks


def _next_first(tokens: Sequence[int], first: int, end: int, chunk_tokens: int) -> int:
    """Return where the next chunk begins: as far before `end` as the overlap allows while the next segment fits."""
    start = end
    repeated = 0
    while start - 1 > first:
        repeated += tokens[start - 1]
        if repeated > OVERLAP * chunk_tokens or repeated + tokens[end] > chunk_tokens:
            break
        start -= 1
    return start


def _chunk(segments: Sequence[Segment], tokens: int) -> Chunk:
    text = " ".join(segment.text for segment in segments)
    return Chunk(start=segments[0].start, end=segments[-1].end, text=text, tokens=tokens)
