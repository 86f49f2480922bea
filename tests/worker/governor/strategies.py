"""Worlds for the governor's laws: any footprint, any limits, any history."""

from __future__ import annotations

from hypothesis import strategies as st

from ingestion_contract.limits import Limits
from ingestion_worker.memory.ceiling import Ceiling
from ingestion_worker.memory.footprint import Footprint, Line
from ingestion_worker.memory.governor import Governor

GIB = 1024**3
MIB = 1024**2


@st.composite
def lines(draw: st.DrawFn, unit: int = 1, most: int = 4 * GIB) -> Line:
    """A line through up to four batches of 1, 2, 4, ... units."""
    line = Line()
    for count in range(draw(st.integers(0, 4))):
        line = line.with_batch(unit * 2**count, draw(st.integers(0, most)))
    return line


def doubted(line: Line, growth: int) -> Line:
    """A line after the first of its batches was also heard the way that takes most."""
    if len(line.points) == 1:
        return line
    after = Line(line.points[:2]).with_least(growth)
    for size, added in line.points[2:]:
        after = after.with_batch(size, max(0, added - after.highest))
    return after


footprints = st.builds(
    Footprint,
    base=st.integers(0, 80 * GIB),
    windows=lines() | st.builds(doubted, lines(), st.integers(0, 2 * GIB)),
    texts=lines(unit=1024),
    text_tokens=st.just(1024),
)
budgets = st.integers(1, 200 * GIB)
limits = st.builds(Limits, budget_bytes=st.none() | budgets, batch_ceiling=st.none() | st.integers(1, 64))
ceilings = st.builds(
    Ceiling,
    size=st.integers(1, 64),
    holds=st.sampled_from([0.0, 60.0, 120.0, 960.0, 1800.0]),
    until=st.floats(0, 10_000),
    batches=st.integers(0, 5),
    items=st.integers(0, 100),
    seconds=st.floats(0, 100),
    raised_from=st.integers(0, 64),
    to_beat=st.floats(0, 100),
)
states = st.builds(Governor, footprint=st.none() | footprints, windows=ceilings)
