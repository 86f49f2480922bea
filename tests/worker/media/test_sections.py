"""Long audio is read in sections, whose content depends on where they begin and on nothing else."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_worker.media import audio, sections, voice
from ingestion_worker.media.audio import SAMPLE_RATE, Samples
from ingestion_worker.media.features import FeatureSettings
from ingestion_worker.media.sections import SectionEnd, Start, Window
from ingestion_worker.media.windows import MAX_EXTENT_SECONDS, Span, close_section, pack

LENGTH = 600.0

spans = st.lists(st.tuples(st.floats(0, 20), st.floats(0.1, 25)), max_size=60).map(
    lambda pairs: [
        Span(start, start + length)
        for start, length in zip(
            np.cumsum([gap + 0.1 for gap, _ in pairs]) + np.cumsum([0.0, *(length for _, length in pairs)])[:-1],
            [length for _, length in pairs],
            strict=False,
        )
        if start + length <= LENGTH
    ]
)


@given(spans)
def test_a_closed_section_drops_no_speech_and_always_goes_on(found: list[Span]) -> None:
    packed = pack(found)
    kept, end = close_section(packed, LENGTH)
    assert LENGTH - MAX_EXTENT_SECONDS <= end <= LENGTH
    assert kept == packed[: len(kept)]
    assert all(window.end <= end for window in kept)
    assert all(window.start >= end for window in packed[len(kept) :])


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch) -> list[Samples]:
    """Half an hour of a signal in which every sample differs, loud in 4 of 5 seconds; that counts as speech."""
    rng = np.random.default_rng(1)
    pieces = []
    for _ in range(60):
        piece = rng.uniform(-0.1, 0.1, 30 * SAMPLE_RATE).astype(np.float32)
        for second in range(0, 30, 5):
            piece[second * SAMPLE_RATE : (second + 1) * SAMPLE_RATE] = 0
        pieces.append(piece)
    monkeypatch.setattr(voice, "voiced_spans", loud)
    monkeypatch.setattr(audio, "stream", lambda path: iter(pieces))
    return pieces


def loud(samples: Samples) -> list[Span]:
    silent = np.flatnonzero(np.diff(np.concatenate([[0], (samples != 0).astype(np.int8), [0]])))
    return [Span(a / SAMPLE_RATE, b / SAMPLE_RATE) for a, b in silent.reshape(-1, 2) if b - a > 1]


def read(start: Start) -> list[Window | SectionEnd]:
    return list(sections.read(Path("unused"), FeatureSettings(), start))


def told(event: Window | SectionEnd) -> object:
    return event if isinstance(event, SectionEnd) else (event.spans, event.features.sum())


def test_what_is_read_from_a_later_section_on_is_what_an_undisturbed_reader_gets(talk: list[Samples]) -> None:
    whole = [told(event) for event in read(Start())]
    ends = [event for event in whole if isinstance(event, SectionEnd)]
    assert len(ends) == 4, "four sections, since each ends before the speech that it would cut"
    assert [end.last for end in ends] == [False, False, False, True]
    for end in ends[:-1]:
        rest = [told(event) for event in read(Start(end.start.section + 1, end.end))]
        assert rest == whole[whole.index(end) + 1 :]


def test_every_second_of_speech_is_in_one_window(talk: list[Samples]) -> None:
    windows = [event for event in read(Start()) if isinstance(event, Window)]
    assert all(before.end <= after.start for before, after in pairwise(windows))
    speech = sum(np.count_nonzero(piece) for piece in talk) / SAMPLE_RATE
    assert sum(window.seconds for window in windows) == pytest.approx(speech, abs=0.01)
    assert windows[-1].end == pytest.approx(1800, abs=0.01)


def test_a_reader_that_begins_after_the_end_gets_nothing(talk: list[Samples]) -> None:
    assert read(Start(9, 10**9)) == [SectionEnd(Start(9, 10**9), 10**9, 0, True)]
