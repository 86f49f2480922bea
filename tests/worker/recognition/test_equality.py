"""Batches filled from many videos say what the model says of each by itself. The demonstration model, for real."""

import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

import pytest
from faster_whisper import WhisperModel

from dev.demo_model import MODEL
from dev.demo_model.evaluate import word_error_rate
from dev.sample_media.sentences import expected
from dev.sample_media.server import SampleServer
from ingestion_contract.spec import Transcription
from ingestion_worker.media import sections
from ingestion_worker.media.features import FeatureSettings
from ingestion_worker.media.sections import Start, Window
from ingestion_worker.models.asr import SpeechRecogniser, WindowText

CLIPS = 400
"""Of fewer, a handful that the tiny model hears differently on one processor or another decides by chance."""
POINTS_WORSE = 0.002

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed"),
]


@pytest.fixture(scope="module")
def clips() -> Iterator[list[tuple[str, Path]]]:
    """What is said, and the file that says it."""
    with SampleServer(CLIPS) as server, TemporaryDirectory() as folder:
        found = []
        for video in expected(CLIPS).available:
            path = Path(folder) / f"{video.id}.opus"
            with urlopen(f"{server.url}/media/{video.id}.opus", timeout=10) as answer:
                path.write_bytes(answer.read())
            found.append((video.sentence, path))
        yield found


@pytest.fixture(scope="module")
def recogniser() -> SpeechRecogniser:
    return SpeechRecogniser(str(MODEL), Transcription.model_validate({"computeType": "int8"}), "cpu", 2)


@pytest.fixture(scope="module")
def windows(clips: list[tuple[str, Path]]) -> list[list[Window]]:
    """The windows of each clip."""
    return [
        [event for event in sections.read(path, FeatureSettings(), Start()) if isinstance(event, Window)]
        for _, path in clips
    ]


def in_batches(recogniser: SpeechRecogniser, windows: list[Window], size: int) -> list[WindowText]:
    ahead = iter(windows)
    heard: list[WindowText] = []
    while batch := list(islice(ahead, size)):
        heard += recogniser.transcribe(batch, "en")
    return heard


@pytest.fixture(scope="module")
def one_by_one(recogniser: SpeechRecogniser, windows: list[list[Window]]) -> list[WindowText]:
    return in_batches(recogniser, [window for clip in windows for window in clip], 1)


@pytest.mark.parametrize("size", [8, 32])
def test_the_same_windows_give_the_same_tokens_in_batches_of_any_size(
    recogniser: SpeechRecogniser, windows: list[list[Window]], one_by_one: list[WindowText], size: int
) -> None:
    together = in_batches(recogniser, [window for clip in windows for window in clip], size)
    tokens = sum(len(text.tokens) for text in one_by_one)
    same = sum(
        sum(a == b for a, b in zip(alone.tokens, batched.tokens, strict=False))
        for alone, batched in zip(one_by_one, together, strict=True)
    )
    assert tokens > 500
    assert same / tokens >= 0.995


def test_at_most_two_words_in_a_thousand_more_are_wrong_than_one_file_after_the_other_gives(
    clips: list[tuple[str, Path]], windows: list[list[Window]], one_by_one: list[WindowText]
) -> None:
    heard = iter(one_by_one)
    ours = [
        (said, " ".join(segment.text for _ in own for segment in next(heard).segments))
        for (said, _), own in zip(clips, windows, strict=True)
    ]
    model = WhisperModel(str(MODEL), device="cpu", compute_type="int8", cpu_threads=2)
    theirs = []
    for said, path in clips:
        segments, _ = model.transcribe(
            str(path), language="en", beam_size=1, condition_on_previous_text=False, vad_filter=True
        )
        theirs.append((said, " ".join(segment.text.strip() for segment in segments)))
    assert word_error_rate(ours) < 0.1
    assert word_error_rate(ours) <= word_error_rate(theirs) + POINTS_WORSE
