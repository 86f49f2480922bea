"""Where in a chunk it is said."""

import pytest

from ingestion_contract.records import Segment, Word
from ingestion_worker.index.placing import best_place, marks, within
from tests.worker.index.kit import BREAD, segments_of

SEGMENTS = segments_of(BREAD)


def test_it_is_where_the_first_of_the_words_is_said() -> None:
    place = best_place(SEGMENTS, "dough rise", "en")
    assert place is not None
    assert place.text == BREAD[1]
    assert place.seconds == 3.5 + 2 * 0.5
    assert [place.text[start:end] for start, end in place.marked] == ["dough", "rise"]


def test_without_word_times_it_is_where_the_segment_begins() -> None:
    plain = [segment.model_copy(update={"words": []}) for segment in SEGMENTS]
    place = best_place(plain, "dough", "en")
    assert place is not None
    assert place.seconds == 3.5


def test_a_word_that_is_everywhere_decides_nothing() -> None:
    segments = segments_of(["the one and the other", "the bread", "the ship"])
    place = best_place(segments, "the bread", "en")
    assert place is not None
    assert place.text == "the bread"


def test_a_long_word_says_more_than_a_short_one() -> None:
    place = best_place(segments_of(["a ball of gas", "since hydrogen burns"]), "fusion of hydrogen", "en")
    assert place is not None
    assert place.text == "since hydrogen burns"


def test_of_two_that_are_equal_the_first_counts() -> None:
    place = best_place(segments_of(["a ship", "no", "a ship"]), "ship", "en")
    assert place is not None
    assert place.seconds == 0.5


@pytest.mark.parametrize(
    ("words", "text", "language"),
    [
        ("ship", "Ships!", "en"),
        ("running", "they run", "en"),
        ("CAFE", "a café", "en"),
        ("häuser", "das Haus", "de-DE"),
        ("sailor's", "the sailor’s song", "en"),  # noqa: RUF001 - as captions have it
        ("天気", "天気", "ja"),
    ],
)
def test_forms_of_a_word_are_the_same_word(words: str, text: str, language: str) -> None:
    assert len(marks(text, words, language)) == 1


@pytest.mark.parametrize("words", ["zebra", "", "...", "bre"])
def test_where_no_word_is_said_there_is_no_place(words: str) -> None:
    assert best_place(SEGMENTS, words, "en") is None
    assert best_place([], words, "en") is None


def test_a_model_s_words_carry_blanks_and_stops() -> None:
    segment = Segment(
        start=0,
        end=2,
        text="Well, bread.",
        words=[Word(start=0, end=1, text=" Well,"), Word(start=1, end=2, text=" bread.")],
    )
    place = best_place([segment], "bread", "en")
    assert place is not None
    assert place.seconds == 1


def test_a_chunk_s_segments_are_those_between_its_ends() -> None:
    assert within(SEGMENTS, 3.5, SEGMENTS[-1].end) == list(SEGMENTS[1:])
    assert within(SEGMENTS, 3.5004, SEGMENTS[-1].end - 0.0004) == list(SEGMENTS[1:])
