"""Searches an index, and finds the moment at which it is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ingestion_worker.conclusion import ConfigurationError
from ingestion_worker.index import placing
from ingestion_worker.index.entries import VectorSpace
from ingestion_worker.index.fusion import fuse
from ingestion_worker.index.interface import ChunkIndex, FoundChunk
from ingestion_worker.index.links import deep_link
from ingestion_worker.index.placing import Place
from ingestion_worker.index.search_mode import SearchMode
from ingestion_worker.output import transcripts
from ingestion_worker.output.store import Store

CANDIDATES = 50
"""So many chunks are taken from each ranking, at least, before they are put together."""


@dataclass(frozen=True)
class QueryModel:
    """The embedder of a table, for what is searched: of a query, and of texts of the corpus."""

    query: Callable[[str], NDArray[np.float32]]
    texts: Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True)
class Hit:
    """A place that was found.

    Attributes:
        rank: from 1.
        seconds: from the beginning of the video.
        link: to that moment.
        text: what is said there, a segment.
        marked: where the words stand in it: first character, and the one after the last.
        chunk: the text around it that was found.
    """

    rank: int
    video_id: str
    title: str
    url: str
    seconds: float
    link: str
    text: str
    marked: tuple[tuple[int, int], ...]
    chunk: str


def choose_space(index: ChunkIndex, embedder: str | None, where: str) -> VectorSpace:
    """Return the table to search: of an embedder, or the only one.

    Raises:
        ConfigurationError: there is none, or which one is meant is not clear.
    """
    spaces = index.spaces()
    if not spaces:
        raise ConfigurationError(
            f"{where} has no index, or an empty one: run `ingest index --output {where}`, and see whether a run has "
            "ingested anything"
        )
    meant = [space for space in spaces if embedder in (None, space.model)]
    if len(meant) != 1:
        names = ", ".join(space.model for space in spaces)
        raise ConfigurationError(f"say with --embedder which vectors are to be searched: {where} has those of {names}")
    return meant[0]


def search(
    index: ChunkIndex,
    store: Store,
    space: VectorSpace,
    words: str,
    limit: int,
    mode: SearchMode,
    model: QueryModel | None,
) -> list[Hit]:
    """Return the best places, the best first; overlapping chunks give one place but once.

    Args:
        index: the index.
        store: the output, whose transcripts say when each word is said.
        space: the table.
        words: what is searched for.
        limit: at most so many.
        mode: by what.
        model: the table's embedder; needed except for `SearchMode.TEXT`.

    Raises:
        OutputUnavailable: the index's storage or the output's refuses.
    """
    candidates = max(CANDIDATES, 4 * limit)
    rankings: list[list[FoundChunk]] = []
    if mode is not SearchMode.VECTOR:
        rankings.append(index.by_text(space, words, candidates))
    vector = None
    if mode is not SearchMode.TEXT:
        assert model is not None
        vector = model.query(words)
        rankings.append(index.by_vector(space, vector, candidates))
    hits: dict[tuple[str, float], Hit] = {}
    for chunk, place in _places(store, fuse(rankings), words, vector, model):
        if len(hits) == limit:
            break
        hits.setdefault((chunk.video_id, place.seconds), _hit(len(hits) + 1, chunk, place))
    return list(hits.values())


def _places(
    store: Store,
    chunks: Sequence[FoundChunk],
    words: str,
    vector: NDArray[np.float32] | None,
    model: QueryModel | None,
) -> Iterator[tuple[FoundChunk, Place]]:
    """Yield chunks with the best place in each: by its words, else by the meaning of its segments."""
    load = cache(lambda key: transcripts.load(store, key))
    for chunk in chunks:
        transcript = load(chunk.transcript_key)
        segments = [] if transcript is None else placing.within(transcript.segments, chunk.start, chunk.end)
        if transcript is None or not segments:
            yield chunk, Place(chunk.start, chunk.text, ())
            continue
        place = placing.best_place(segments, words, transcript.language)
        if place is None and vector is not None and model is not None:
            nearest = int(np.argmax(model.texts([segment.text for segment in segments]) @ vector))
            place = placing.whole(segments[nearest])
        yield chunk, place or placing.whole(segments[0])


def _hit(rank: int, chunk: FoundChunk, place: Place) -> Hit:
    return Hit(
        rank=rank,
        video_id=chunk.video_id,
        title=chunk.title,
        url=chunk.url,
        seconds=place.seconds,
        link=deep_link(chunk.url, place.seconds),
        text=place.text,
        marked=place.marked,
        chunk=chunk.text,
    )
