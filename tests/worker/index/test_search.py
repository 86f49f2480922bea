"""A search answers with the video, the moment, and a link to it."""

from collections.abc import Sequence

import numpy as np
import pytest

from ingestion_worker.conclusion import ConfigurationError
from ingestion_worker.index import lance
from ingestion_worker.index.entries import VectorSpace
from ingestion_worker.index.refresh import refresh
from ingestion_worker.index.search import Hit, choose_space, search
from ingestion_worker.index.search_mode import SearchMode
from ingestion_worker.output.store import Store
from tests.worker.index.conftest import Opened
from tests.worker.index.kit import BREAD, DIMENSION, EMBEDDER, MODEL, SHIPS, STARS, Library

SPACE = VectorSpace(EMBEDDER, DIMENSION)
ALL = {"bread": BREAD, "ships": SHIPS, "stars": STARS}


def found(
    opened: Opened, library: Library, words: str, *, mode: SearchMode = SearchMode.HYBRID, limit: int = 5
) -> list[Hit]:
    model = None if mode is SearchMode.TEXT else MODEL
    with opened() as index:
        refresh(index, library.store)
        return search(index, library.store, SPACE, words, limit, mode, model)


@pytest.mark.parametrize("mode", SearchMode)
def test_a_spoken_sentence_is_found_at_its_time(opened: Opened, library: Library, mode: SearchMode) -> None:
    library.run("talks", ALL)
    best = found(opened, library, "dough is left to rise", mode=mode)[0]
    assert (best.rank, best.video_id, best.title, best.text) == (1, "bread", "About bread", BREAD[1])
    assert best.seconds == 3.5 + 2 * 0.5, "where `dough` is said: two words into the second sentence"
    assert best.link == "https://www.youtube.com/watch?v=bread&t=4s"
    assert BREAD[1] in best.chunk


@pytest.mark.parametrize("mode", SearchMode)
def test_ranks_count_from_one_and_no_more_than_asked_for(opened: Opened, library: Library, mode: SearchMode) -> None:
    library.run("talks", ALL)
    assert [hit.rank for hit in found(opened, library, "the harbour is of gas and water", mode=mode, limit=2)] == [1, 2]


def test_other_forms_of_the_words_are_found(opened: Opened, library: Library) -> None:
    library.run("talks", ALL)
    hits = found(opened, library, "sailor singing masts", mode=SearchMode.TEXT)
    said = [(hit.text, [hit.text[start:end] for start, end in hit.marked]) for hit in hits]
    assert sorted(said) == [(SHIPS[2], ["sailors"]), (SHIPS[1], ["masts"])]


def test_words_that_nobody_said_find_nothing_by_text(opened: Opened, library: Library) -> None:
    library.run("talks", ALL)
    assert found(opened, library, "zebra", mode=SearchMode.TEXT) == []


@pytest.mark.parametrize("words", ["'", '"', "a & b | !c:*", "\\", "%s", "(", "AND", "*", "\0 bread"])
def test_any_words_are_only_words(opened: Opened, library: Library, words: str) -> None:
    library.run("talks", ALL)
    for mode in SearchMode:
        assert isinstance(found(opened, library, words, mode=mode), list)


def test_overlapping_chunks_give_one_place_once(opened: Opened, library: Library) -> None:
    library.run("talks", {"count": ["one two", "three", "four five six", "seven", "eight nine ten"]}, chunk_tokens=9)
    hits = found(opened, library, "seven", mode=SearchMode.TEXT)
    assert [hit.text for hit in hits] == ["seven"]


def test_what_shares_no_word_is_placed_by_its_meaning(opened: Opened, library: Library) -> None:
    library.run("talks", {"bread": BREAD}, chunk_tokens=50)

    class Bakery:
        """A model that takes a furnace for an oven."""

        @staticmethod
        def query(_: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
            return MODEL.query("oven hot")

        @staticmethod
        def texts(texts: Sequence[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
            return MODEL.texts(texts)

    with opened() as index:
        refresh(index, library.store)
        model = type(MODEL)(Bakery.query, Bakery.texts)
        hits = search(index, library.store, SPACE, "furnace", 1, SearchMode.HYBRID, model)
    assert [(hit.text, hit.marked) for hit in hits] == [(BREAD[2], ())]


def test_where_the_transcript_is_gone_the_chunk_is_the_place(opened: Opened, library: Library) -> None:
    made = library.run("talks", {"bread": BREAD})
    library.store.write(f"transcripts/{made['bread'].transcript_key}/manifest.json", b"")
    best = found(opened, library, "oven", mode=SearchMode.TEXT)[0]
    assert best.text == best.chunk
    assert best.seconds == 7.0


def test_without_an_index_it_says_how_to_make_one(opened: Opened, library: Library) -> None:
    with opened() as index, pytest.raises(ConfigurationError, match="has no index, or an empty one: run `ingest index"):
        choose_space(index, None, "s3://bucket")


def test_of_several_embedders_one_must_be_named(opened: Opened, library: Library) -> None:
    library.run("talks", ALL)
    library.run("more", ALL, embedder="tests/another", dimension=8)
    with opened() as index:
        refresh(index, library.store)
        assert choose_space(index, "tests/another", "out") == VectorSpace("tests/another", 8)
        for name in (None, "tests/third"):
            with pytest.raises(ConfigurationError, match=r"--embedder.*tests/another, tests/bag-of-words"):
                choose_space(index, name, "out")


@pytest.mark.parametrize("dimension", [2000, 2001, 4001], ids=["HNSW", "HNSW of halves", "one by one"])
def test_vectors_of_any_length_are_found(opened: Opened, library: Library, dimension: int) -> None:
    library.run("talks", ALL, dimension=dimension)
    with opened() as index:
        refresh(index, library.store)
        chunks = index.by_vector(VectorSpace(EMBEDDER, dimension), _bag(SHIPS[2], dimension), 1)
    assert [chunk.video_id for chunk in chunks] == ["ships"]


def _bag(words: str, dimension: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    from tests.worker.index.kit import embed

    vector: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = embed([words], dimension)[0]
    return vector


def test_many_vectors_are_indexed_and_still_found(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lance, "SCANNED_ROWS", 500)
    numbers = {f"v{video}": [f"number n{video * 60 + line} here" for line in range(60)] for video in range(10)}
    library.run("talks", numbers, chunk_tokens=3)
    index = lance.LanceIndex(library.store)
    assert refresh(index, library.store).rows == 600
    assert sorted(index.indexed(SPACE)) == ["text", "vector"]
    hits = search(index, library.store, SPACE, "n431", 1, SearchMode.TEXT, None)
    assert [(hit.video_id, hit.text) for hit in hits] == [("v7", "number n431 here")]
    assert index.by_vector(SPACE, MODEL.query("number n431 here"), 1)[0].text.startswith("number")
    library.run("talks", {**numbers, "bread": BREAD}, day=1)
    refresh(index, library.store)
    assert [hit.video_id for hit in search(index, library.store, SPACE, "dough", 1, SearchMode.HYBRID, MODEL)] == [
        "bread"
    ]


def test_the_output_may_lie_anywhere_on_a_disk(library: Library) -> None:
    odd = Library(Store(f"{library.store.uri} [1] & more%20"))
    odd.run("talks", ALL)
    index = lance.LanceIndex(odd.store)
    refresh(index, odd.store)
    assert search(index, odd.store, SPACE, "dough", 1, SearchMode.TEXT, None)[0].video_id == "bread"
    assert odd.store.folders("index") == ["lancedb"]
