"""Finds where in a chunk, which is about a minute long, the words that were searched for are said."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from snowballstemmer import stemmer  # type: ignore[import-untyped]

from ingestion_contract.records import Segment

_WORD = re.compile(r"\w+(?:['’]\w+)?")  # noqa: RUF001 - the apostrophe of captions

_SNOWBALL = {
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip
"""The languages whose words Snowball reduces to stems; words of others are compared as they are."""


@dataclass(frozen=True)
class Place:
    """Where it is said: a moment in seconds, and the segment's text, with the words that were searched for marked."""

    seconds: float
    text: str
    marked: tuple[tuple[int, int], ...]


def best_place(segments: Sequence[Segment], words: str, language: str) -> Place | None:
    """Return the best place among the segments of a chunk, or None where none holds a word that was searched for.

    The best segment has the most of the words. Each counts by its length, since short words are the common ones
    (Zipf's law of abbreviation), divided by the number of segments that have it. The moment is that of the first of
    the words, where word times are known, else of the segment.

    Args:
        segments: of the chunk, in order.
        words: what was searched for.
        language: code of the transcript's language.
    """
    wanted = {stem for _, _, stem in _stems(words, language)}
    found = [wanted & {stem for _, _, stem in _stems(segment.text, language)} for segment in segments]
    frequency = Counter(stem for stems in found for stem in stems)
    scores = [sum(len(stem) / frequency[stem] for stem in stems) for stems in found]
    if not any(scores):
        return None
    best = segments[scores.index(max(scores))]
    return Place(_first_said(best, wanted, language), best.text, marks(best.text, words, language))


def whole(segment: Segment) -> Place:
    """Return a segment as a place, with nothing marked."""
    return Place(segment.start, segment.text, ())


def marks(text: str, words: str, language: str) -> tuple[tuple[int, int], ...]:
    """Return where in a text the words stand, in whatever form: first character, and the one after the last."""
    wanted = {stem for _, _, stem in _stems(words, language)}
    return tuple((start, end) for start, end, stem in _stems(text, language) if stem in wanted)


def within(segments: Sequence[Segment], start: float, end: float) -> list[Segment]:
    """Return the segments that lie between two times, in seconds; a millisecond may be lost in writing."""
    return [segment for segment in segments if segment.start >= start - 0.001 and segment.end <= end + 0.001]


def _first_said(segment: Segment, wanted: set[str], language: str) -> float:
    for word in segment.words:
        if any(stem in wanted for _, _, stem in _stems(word.text, language)):
            return word.start
    return segment.start


def _stems(text: str, language: str) -> list[tuple[int, int, str]]:
    """Return the words of a text as stems without accents and case, each with where it stands."""
    reduce = _stemmer(language)
    return [(word.start(), word.end(), _plain(reduce(_folded(word.group())))) for word in _WORD.finditer(text)]


def _folded(word: str) -> str:
    return word.casefold().replace("’", "'")  # noqa: RUF001 - the apostrophe of captions


def _plain(word: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", word) if not unicodedata.combining(letter))


@cache
def _stemmer(language: str) -> Callable[[str], str]:
    name = _SNOWBALL.get(re.split("[-_]", language.lower())[0])
    if name is None:
        return str
    reduce: Callable[[str], str] = stemmer(name).stemWord
    return reduce
