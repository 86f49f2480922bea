"""The words, the sentences made of them, and how the model spells them."""

from itertools import islice

from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from dev.demo_model import MODEL, tokenizer
from dev.demo_model.vocabulary import MAXIMUM_WORDS, MINIMUM_WORDS, WORDS, held_out_sentences, training_sentences

seeds = st.integers(0, 2**32)


def test_there_are_40_to_60_words_and_none_twice() -> None:
    assert 40 <= len(set(WORDS)) == len(WORDS) <= 60


@given(seeds)
def test_sentences_are_short_and_made_of_the_words_alone(seed: int) -> None:
    for text in islice(training_sentences(seed), 5):
        assert MINIMUM_WORDS <= len(text.split()) <= MAXIMUM_WORDS
        assert set(text.split()) <= set(WORDS)


@given(seeds, seeds)
def test_no_sentence_is_drawn_for_training_and_for_measuring(one: int, other: int) -> None:
    assert not set(islice(training_sentences(one), 20)) & set(islice(held_out_sentences(other), 5))


@given(seeds)
def test_a_sentence_is_one_token_per_word_and_comes_back_unchanged(seed: int) -> None:
    words = tokenizer.build()
    text = " " + next(training_sentences(seed))

    encoded = words.encode(text)

    assert len(encoded.ids) == len(text.split())
    assert words.decode(encoded.ids) == text


@given(st.text())
def test_any_other_text_comes_back_unchanged_too(text: str) -> None:
    words = tokenizer.build()

    assert words.decode(words.encode(text).ids, skip_special_tokens=False) == text


def test_the_committed_tokenizer_is_the_one_that_the_recipe_makes() -> None:
    committed = Tokenizer.from_file(str(MODEL / "tokenizer.json"))

    assert committed.get_vocab() == tokenizer.build().get_vocab()
