"""Windows of voiced audio."""

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from ingestion_worker.media.windows import WINDOW_SECONDS, Span, pack


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    found, time = [], 0.0
    for pause, length in draw(st.lists(st.tuples(st.floats(0, 50), st.floats(0.1, 100)), max_size=30)):
        found.append(Span(time + pause, time + pause + length))
        time = found[-1].end
    return found


@given(spans())
@example([Span(196.59386383219518, 256.5938638321952)])
def test_windows_are_short_enough_in_order_and_hold_all_speech(voiced: list[Span]) -> None:
    windows = pack(voiced)
    assert all(1e-6 < window.end - window.start <= WINDOW_SECONDS + 2e-6 for window in windows)
    assert all(first.end <= second.start + 1e-6 for first, second in pairwise(windows))
    for span in voiced:
        covered = sum(max(0.0, min(w.end, span.end) - max(w.start, span.start)) for w in windows)
        assert abs(covered - (span.end - span.start)) < 1e-6


def test_neighbours_share_a_window() -> None:
    assert pack([Span(1, 5), Span(7, 20), Span(25, 30.5), Span(32, 33)]) == [Span(1, 30.5), Span(32, 33)]
