"""Windows of voiced audio."""

from itertools import pairwise

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from ingestion_worker.media.sections import Window
from ingestion_worker.media.windows import MAX_EXTENT_SECONDS, MAX_GAP_SECONDS, WINDOW_SECONDS, Packed, Span, pack


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    found, time = [], 0.0
    for pause, length in draw(st.lists(st.tuples(st.floats(0, 50), st.floats(0.1, 100)), max_size=30)):
        found.append(Span(time + pause, time + pause + length))
        time = found[-1].end
    return found


@given(spans())
@example([Span(196.59386383219518, 256.5938638321952)])
def test_windows_are_short_enough_in_order_and_hold_all_speech_and_nothing_else(voiced: list[Span]) -> None:
    windows = pack(voiced)
    assert all(1e-6 < window.seconds <= WINDOW_SECONDS + 2e-6 for window in windows)
    assert all(window.end - window.start <= MAX_EXTENT_SECONDS for window in windows)
    pieces = [span for window in windows for span in window.spans]
    assert all(first.end <= second.start + 1e-6 for first, second in pairwise(pieces))
    for window in windows:
        assert all(after.start - before.end <= MAX_GAP_SECONDS for before, after in pairwise(window.spans))
    assert abs(sum(piece.seconds for piece in pieces) - sum(span.seconds for span in voiced)) < 1e-5
    for span in voiced:
        covered = sum(max(0.0, min(p.end, span.end) - max(p.start, span.start)) for p in pieces)
        assert abs(covered - span.seconds) < 1e-6


def test_neighbours_share_a_window_without_the_silence_between_them() -> None:
    together = (Span(1, 5), Span(7, 20), Span(24, 36))
    assert pack([*together, Span(38, 40)]) == [Packed(together), Packed((Span(38, 40),))]


def test_a_long_silence_ends_a_window() -> None:
    assert len(pack([Span(0, 1), Span(1 + MAX_GAP_SECONDS, 8)])) == 1
    assert len(pack([Span(0, 1), Span(1.1 + MAX_GAP_SECONDS, 8)])) == 2


@given(spans(), st.floats(0, WINDOW_SECONDS))
def test_a_time_in_a_window_has_its_place_in_the_video(voiced: list[Span], time: float) -> None:
    for packed in pack(voiced):
        window = Window(np.zeros((1, 1), np.float32), packed.spans)
        place = window.in_video(time)
        assert any(span.start <= place <= span.end + 1e-6 for span in packed.spans)
        before = sum(max(0.0, min(span.end, place) - span.start) for span in packed.spans)
        assert abs(before - min(time, window.seconds)) < 1e-6
