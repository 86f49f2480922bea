"""What the sample's videos say, which of them have captions, and which cannot be had. The same on every machine."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from dev.demo_model.speech import Delivery, draw_delivery
from dev.demo_model.vocabulary import held_out_sentences

DEFAULT_VIDEOS = 200
_SEED = 2025
_FEWEST_WORDS = 6
_CAPTIONED_EVERY = 4


class Unavailable(StrEnum):
    """Why a video of the sample cannot be had."""

    GONE = "Gone"
    """Its page answers 410 Gone."""
    CORRUPT = "Corrupt"
    """Its media file holds no audio."""


_UNAVAILABLE = {17: Unavailable.GONE, 42: Unavailable.CORRUPT}


@dataclass(frozen=True)
class SampleVideo:
    """One video of the sample: its id in the feed, what it says and how, and what is special about it."""

    id: str
    sentence: str
    delivery: Delivery
    has_captions: bool
    unavailable: Unavailable | None


@dataclass(frozen=True)
class Expected:
    """What a run over the feed must end with: the videos that exist, and those that do not, with the reason."""

    available: tuple[SampleVideo, ...]
    unavailable: tuple[SampleVideo, ...]


def sample_videos(count: int = DEFAULT_VIDEOS) -> tuple[SampleVideo, ...]:
    """The first `count` videos of the sample, in the feed's order. Any count from 1 up; the first ones stay the same.

    Raises:
        ValueError: count is below 1.
    """
    if count < 1:
        raise ValueError(f"the sample needs at least 1 video, not {count}")
    rng = random.Random(_SEED)
    return tuple(_video(number, text, rng) for number, text in enumerate(islice(_sentences(), count), start=1))


def expected(videos: int = DEFAULT_VIDEOS) -> Expected:
    """What is there and what is not among the first so many videos."""
    sample = sample_videos(videos)
    return Expected(
        available=tuple(video for video in sample if video.unavailable is None),
        unavailable=tuple(video for video in sample if video.unavailable is not None),
    )


def _video(number: int, sentence: str, rng: random.Random) -> SampleVideo:
    unavailable = _UNAVAILABLE.get(number)
    return SampleVideo(
        id=f"sample-{number:03d}",
        sentence=sentence,
        delivery=draw_delivery(rng),
        has_captions=number % _CAPTIONED_EVERY == 0 and unavailable is None,
        unavailable=unavailable,
    )


def _sentences() -> Iterator[str]:
    """Sentences of 6 to 12 words, none twice, that the demonstration model has not been trained on."""
    seen: set[str] = set()
    for text in held_out_sentences(_SEED):
        if len(text.split()) >= _FEWEST_WORDS and text not in seen:
            seen.add(text)
            yield text
