"""The measure that the model is judged by."""

import pytest

from dev.demo_model.evaluate import word_error_rate, word_errors


@pytest.mark.parametrize(
    ("heard", "errors"),
    [
        ("the queue grows", 0),
        ("the queue shrinks", 1),
        ("queue grows", 1),
        ("the old queue grows", 1),
        ("", 3),
        ("every worker waits", 3),
        ("queue the grows", 2),
    ],
)
def test_a_word_replaced_left_out_or_added_is_one_error(heard: str, errors: int) -> None:
    assert word_errors("the queue grows", heard) == errors


def test_the_rate_is_over_all_words_spoken_not_over_sentences() -> None:
    assert word_error_rate([("one two three", "one two three"), ("four", "five")]) == 1 / 4
