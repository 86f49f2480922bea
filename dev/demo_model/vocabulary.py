"""The words the demonstration model knows, and the grammar that its training sentences are drawn from."""

import random
import zlib
from collections.abc import Iterator

NOUNS = (
    "memory", "worker", "video", "cluster", "node", "job", "batch", "model", "queue", "error", "limit",
    "server", "audio", "index", "vector", "storage", "metric", "alert", "network", "image", "gpu",
)  # fmt: skip
INTRANSITIVE_VERBS = ("starts", "stops", "fails", "grows", "shrinks", "waits")
TRANSITIVE_VERBS = ("reads", "writes", "sends", "keeps", "loads", "moves")
ADJECTIVES = ("fast", "slow", "large", "small", "new", "old")
NUMBERS = ("two", "three", "four", "six", "seven")
FUNCTION_WORDS = ("the", "every", "is", "and", "when", "after", "before", "under", "over")
CONJUNCTIONS = ("and", "when", "after", "before")

WORDS = (*NOUNS, *INTRANSITIVE_VERBS, *TRANSITIVE_VERBS, *ADJECTIVES, *NUMBERS, *FUNCTION_WORDS)

MINIMUM_WORDS, MAXIMUM_WORDS = 4, 12
_HELD_OUT_SHARE = 10


def sentence(rng: random.Random) -> str:
    """Draw one sentence of 4 to 12 words, such as ``the worker waits when memory six is under the limit``."""
    while True:
        words = _clause(rng)
        if rng.random() < 0.5:
            words = [*words, rng.choice(CONJUNCTIONS), *_clause(rng)]
        if MINIMUM_WORDS <= len(words) <= MAXIMUM_WORDS:
            return " ".join(words)


def training_sentences(seed: int) -> Iterator[str]:
    """Draw sentences for ever, none of which `held_out_sentences` can draw."""
    rng = random.Random(seed)
    while True:
        drawn = sentence(rng)
        if not is_held_out(drawn):
            yield drawn


def held_out_sentences(seed: int) -> Iterator[str]:
    """Draw sentences for ever that no training has seen."""
    rng = random.Random(seed)
    while True:
        drawn = sentence(rng)
        if is_held_out(drawn):
            yield drawn


def is_held_out(text: str) -> bool:
    """Whether this sentence is kept from training: one in ten of all sentences, by a checksum of its text."""
    return zlib.crc32(text.encode()) % _HELD_OUT_SHARE == 0


def _clause(rng: random.Random) -> list[str]:
    subject = _noun_phrase(rng)
    kind = rng.choices(("alone", "object", "property", "place"), weights=(3, 4, 2, 2))[0]
    if kind == "object":
        return [*subject, rng.choice(TRANSITIVE_VERBS), *_noun_phrase(rng)]
    if kind == "property":
        return [*subject, "is", rng.choice(ADJECTIVES)]
    if kind == "place":
        verb = rng.choice(("is", *INTRANSITIVE_VERBS))
        return [*subject, verb, rng.choice(("under", "over")), *_noun_phrase(rng)]
    return [*subject, rng.choice(INTRANSITIVE_VERBS)]


def _noun_phrase(rng: random.Random) -> list[str]:
    noun = rng.choice(NOUNS)
    kind = rng.choices(("plain", "described", "every", "numbered"), weights=(4, 3, 2, 3))[0]
    if kind == "described":
        return ["the", rng.choice(ADJECTIVES), noun]
    if kind == "every":
        return ["every", noun]
    if kind == "numbered":
        return [noun, rng.choice(NUMBERS)]
    return ["the", noun]
