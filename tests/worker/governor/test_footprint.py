"""A footprint covers all that was measured, and is no larger than it must be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.metrics import Stage
from ingestion_worker.memory.footprint import Footprint, Line, larger
from tests.worker.governor.strategies import GIB, MIB, footprints, lines

batches = st.lists(
    st.tuples(st.sampled_from([Stage.ASR, Stage.EMBED]), st.integers(1, 64), st.integers(0, 100 * GIB)), max_size=20
)


@given(footprints, batches)
def test_whatever_was_held_is_covered_from_then_on(footprint: Footprint, seen: list[tuple[Stage, int, int]]) -> None:
    """A batch as large as the largest of each stage needs at least the most that was ever held."""
    for stage, size, highest in seen:
        footprint = footprint.with_batch(stage, size, highest)
        assert footprint.highest >= highest
        assert footprint.total(footprint.windows.largest, footprint.texts.largest) >= footprint.highest
        line = footprint.windows if stage is Stage.ASR else footprint.texts
        assert line.largest >= size or line.highest == line.least, "only what was not seen is left out"


@given(lines(), st.integers(1, 128), st.integers(0, 4 * GIB))
def test_a_batch_never_makes_the_line_forget_a_measurement(line: Line, size: int, growth: int) -> None:
    after = line.with_batch(size, growth)
    for known, added in line.points:
        assert after.at(known) >= added
    assert after.highest == line.highest + growth


@given(st.integers(1, GIB), st.integers(0, 8 * GIB), st.integers(2, 4))
def test_a_window_that_is_doubted_counts_in_the_floor_and_hides_no_slope(slope: int, more: int, count: int) -> None:
    """`more` is what the way that takes most holds beyond the first batch; later batches below that are not seen."""
    line = Line().with_batch(1, slope).with_least(more)
    for size in (2, 4, 8)[: count - 1]:
        line = line.with_batch(size, max(0, slope * size - line.highest))
    assert line.at(1) == slope + more
    assert line.slope == pytest.approx(slope, abs=1)
    assert line.at(64) == pytest.approx(max(64 * slope, slope + more), abs=64)


@given(lines(), st.integers(1, 200))
def test_larger_batches_need_no_less(line: Line, size: int) -> None:
    assert 0 <= line.at(size) <= line.at(size + 1)


@given(st.integers(0, GIB), st.integers(1, GIB))
def test_a_true_line_is_found_exactly(fixed: int, slope: int) -> None:
    line, held = Line(), 0
    for size in (1, 2, 4):
        line = line.with_batch(size, fixed + slope * size - held)
        held = fixed + slope * size
    assert (line.slope, line.fixed) == (slope, fixed)
    assert line.at(40) == fixed + slope * 40


def test_batches_between_those_that_were_measured_at_first_confirm_the_line() -> None:
    line = Line()
    for size in (1, 2, 4, 6, 9, 16):
        line = line.with_batch(size, 200 * MIB * size - line.highest)
    assert (line.slope, line.fixed) == (200 * MIB, 0)


def test_after_one_batch_all_that_it_took_counts_as_slope() -> None:
    line = Line().with_batch(1, 300 * MIB)
    assert (line.slope, line.fixed) == (300 * MIB, 0)


def test_the_allocators_own_steps_between_batches_of_about_one_size_make_no_slope() -> None:
    line = Line().with_batch(1000, 100 * MIB).with_batch(2000, 100 * MIB).with_batch(2001, 20 * MIB)
    assert line.slope == pytest.approx(120 * MIB / 1000, rel=0.01)


def test_the_floor_is_the_models_a_window_and_the_longest_text() -> None:
    footprint = Footprint(base=8 * GIB, text_tokens=1024)
    footprint = footprint.with_batch(Stage.ASR, 1, 8 * GIB + 200 * MIB)
    footprint = footprint.with_batch(Stage.EMBED, 1024, 8 * GIB + 300 * MIB)
    assert footprint.floor == 8 * GIB + 300 * MIB


def test_what_batches_of_one_stage_keep_is_not_charged_to_the_other() -> None:
    footprint = Footprint(base=8 * GIB, text_tokens=1024)
    footprint = footprint.with_batch(Stage.ASR, 4, 9 * GIB)
    footprint = footprint.with_batch(Stage.EMBED, 1024, 9 * GIB + 100 * MIB)
    assert footprint.windows.highest == GIB
    assert footprint.texts.highest == 100 * MIB


@given(st.integers(0, 3), st.integers(0, 3), st.data())
def test_the_larger_of_two_measurements_covers_both(first: int, second: int, data: st.DataObject) -> None:
    one, other = (
        Footprint(base=data.draw(st.integers(0, GIB)), windows=line, text_tokens=16)
        for line in (_measured(first, data), _measured(second, data))
    )
    both = larger(one, other)
    for footprint in (one, other):
        assert both.base >= footprint.base
        for size, added in footprint.windows.points:
            if size <= both.windows.largest:
                assert both.windows.at(size) >= added


def _measured(batches: int, data: st.DataObject) -> Line:
    line = Line()
    for count in range(batches):
        line = line.with_batch(2**count, data.draw(st.integers(0, GIB)))
    return line
