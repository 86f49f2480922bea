"""Which videos the sample holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dev.demo_model.speech import TRAINING_VOICES
from dev.demo_model.vocabulary import WORDS, is_held_out
from dev.sample_media.sentences import Unavailable, expected, sample_videos


def test_two_of_two_hundred_videos_are_unavailable_each_for_its_own_reason() -> None:
    sample = expected(200)

    assert len(sample.available) == 198
    assert [video.unavailable for video in sample.unavailable] == [Unavailable.GONE, Unavailable.CORRUPT]
    assert sample.unavailable == expected(50).unavailable


def test_a_quarter_of_the_videos_have_captions_and_none_of_the_unavailable_ones() -> None:
    captioned = [video for video in sample_videos() if video.has_captions]

    assert len(captioned) == 50
    assert all(video.unavailable is None for video in captioned)


@given(st.integers(1, 300), st.integers(1, 300))
def test_a_smaller_sample_is_the_beginning_of_a_larger_one(one: int, other: int) -> None:
    smaller, larger = sorted((one, other))

    assert sample_videos(larger)[:smaller] == sample_videos(smaller)


def test_no_two_videos_are_alike() -> None:
    sample = sample_videos()

    assert len({video.id for video in sample}) == len({video.sentence for video in sample}) == 200


def test_the_model_knows_the_words_and_voices_but_was_not_trained_on_the_sentences() -> None:
    for video in sample_videos():
        assert set(video.sentence.split()) <= set(WORDS)
        assert video.delivery.voice in TRAINING_VOICES
        assert is_held_out(video.sentence)


def test_a_sample_without_videos_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 video, not 0"):
        sample_videos(0)
