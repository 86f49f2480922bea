"""The geometry of charts."""

import re

from hypothesis import given
from hypothesis import strategies as st

from ingestion_worker.report import charts
from ingestion_worker.report.charts import LEFT, RIGHT, TOP, WIDTH, Axes

finite = st.floats(0, 1e12)


@given(st.lists(st.none() | finite, min_size=1, max_size=50), st.floats(0.1, 100))
def test_nothing_is_drawn_outside_the_frame(values: list[float | None], bin_seconds: float) -> None:
    axes = Axes(len(values) * bin_seconds, charts.round_top(max((v or 0) for v in values)), 200)
    for path in (charts.line(axes, values, bin_seconds, "a", ""), charts.area(axes, values, bin_seconds, "a", "")):
        for x, y in re.findall(r"([\d.]+) ([\d.]+)", path.d):
            assert LEFT - 0.1 <= float(x) <= WIDTH - RIGHT + 0.1
            assert TOP - 0.1 <= float(y) <= 200


@given(st.floats(1e-3, 1e9))
def test_the_top_is_round_and_holds_the_value(value: float) -> None:
    top = charts.round_top(value)
    assert value <= top * (1 + 1e-6)
    assert top <= 2.6 * value


@given(st.floats(1, 1e8))
def test_there_are_never_too_many_moments_on_the_axis(seconds: float) -> None:
    assert 1 <= len(charts.x_ticks(Axes(seconds, 1, 100))) <= charts.MOST_TICKS + 1


def test_a_gap_in_the_values_is_a_gap_in_the_line() -> None:
    axes = Axes(3, 1, 100)
    assert charts.line(axes, [1, None, 1], 1, "a", "").d.count("M") == 2
