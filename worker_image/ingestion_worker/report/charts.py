"""From numbers over time to the geometry of a chart, as SVG paths. Pure; the page's template draws it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from math import ceil, floor, log10

from ingestion_worker.text.durations import short_clock

WIDTH = 1000.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 14.0, 14.0, 26.0
MOST_TICKS = 8
LEAST_TOP = 1e-6
"""Lower values are drawn as none."""

_ROUND_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400)


@dataclass(frozen=True)
class Tick:
    """A label on an axis, and its place in the drawing."""

    at: float
    label: str


@dataclass(frozen=True)
class Path:
    """A line or an area. `style` is its class in the page's style sheet."""

    style: str
    label: str
    d: str
    area: bool


@dataclass(frozen=True)
class Mark:
    """Something that happened at one moment, or a line across."""

    style: str
    at: float
    label: str


@dataclass(frozen=True)
class Chart:
    """What there is to draw. Coordinates are those of the drawing, y downwards."""

    title: str
    note: str
    height: float
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    paths: Sequence[Path]
    marks: Sequence[Mark] = field(default=())
    level: Mark | None = None

    @property
    def bottom(self) -> float:
        """The y of the axis."""
        return self.height - BOTTOM

    def with_marks(self, marks: Iterable[Mark]) -> Chart:
        """Return the chart with more marks."""
        return replace(self, marks=[*self.marks, *marks])


@dataclass(frozen=True)
class Axes:
    """Maps worked seconds and values to places in a drawing.

    Attributes:
        seconds: at the right end.
        top: the value at the upper end.
        height: of the whole drawing.
    """

    seconds: float
    top: float
    height: float

    def x(self, seconds: float) -> float:
        """Return the place of a moment."""
        return LEFT + (WIDTH - LEFT - RIGHT) * seconds / max(self.seconds, 1e-9)

    def y(self, value: float) -> float:
        """Return the place of a value."""
        inner = self.height - TOP - BOTTOM
        return TOP + inner * (1 - min(1.0, max(0.0, value / self.top)))


Values = Sequence[float | None]


def line(axes: Axes, values: Values, bin_seconds: float, style: str, label: str) -> Path:
    """Return a line of steps, one a bin, with gaps where there is no value."""
    parts = []
    for start, run in _runs(values):
        places = _steps(axes, start, run, bin_seconds)
        parts.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places))
    return Path(style, label, "".join(parts), area=False)


def area(axes: Axes, values: Values, bin_seconds: float, style: str, label: str, base: Values | None = None) -> Path:
    """Return the area between the values and the base, which is zero where none is given."""
    parts = []
    for start, run in _runs(values):
        upper = _steps(axes, start, run, bin_seconds)
        beneath = [(base[start + at] or 0.0) if base is not None else 0.0 for at in range(len(run))]
        lower = _steps(axes, start, beneath, bin_seconds)
        parts.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in [*upper, *reversed(lower)]) + "Z")
    return Path(style, label, "".join(parts), area=True)


def stacked(axes: Axes, layers: Mapping[str, tuple[str, Sequence[int]]], bin_seconds: float) -> list[Path]:
    """Return areas on top of each other; `layers` gives label and values by style, from the bottom."""
    paths, base = [], [0.0] * max((len(values) for _, values in layers.values()), default=0)
    for style, (label, values) in layers.items():
        top = [below + value for below, value in zip(base, values, strict=True)]
        paths.append(area(axes, top, bin_seconds, style, label, base))
        base = top
    return paths


def x_ticks(axes: Axes) -> list[Tick]:
    """Return at most `MOST_TICKS` round moments."""
    step = next((step for step in _ROUND_SECONDS if axes.seconds / step <= MOST_TICKS), None)
    step = step or 86_400 * ceil(axes.seconds / 86_400 / MOST_TICKS)
    return [Tick(axes.x(at), short_clock(at)) for at in range(0, floor(axes.seconds) + 1, step)]


def y_ticks(axes: Axes, unit: str = "", least_step: float = 0.0) -> list[Tick]:
    """Return about four round values from zero, the unit at the highest."""
    step = max(least_step, round_step(axes.top / 4))
    values = [step * at for at in range(floor(axes.top / step + 1e-9) + 1)]
    return [Tick(axes.y(value), f"{value:g}{unit if value == values[-1] else ''}") for value in values]


def round_top(value: float, least_step: float = 0.0) -> float:
    """Return a round value that is not below."""
    if value < LEAST_TOP:
        return 1.0
    step = max(least_step, round_step(value / 4))
    return step * ceil(value / step - 1e-9)


def round_step(value: float) -> float:
    """Return 1, 2 or 5 times a power of ten, not below the value."""
    power = 10.0 ** floor(log10(max(value, 1e-9)))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= value * (1 - 1e-9))


def smooth(values: Sequence[float], reach: int) -> list[float]:
    """Return the mean of each value and `reach` neighbours on both sides."""
    windows = (values[max(0, at - reach) : at + reach + 1] for at in range(len(values)))
    return [sum(window) / len(window) for window in windows]


def _runs(values: Values) -> list[tuple[int, list[float]]]:
    """Return the stretches without a gap: where each begins, and its values."""
    runs = []
    for known, group in groupby(enumerate(values), key=lambda item: item[1] is not None):
        if known:
            items = list(group)
            runs.append((items[0][0], [value for _, value in items if value is not None]))
    return runs


def _steps(axes: Axes, start: int, values: Sequence[float], bin_seconds: float) -> list[tuple[float, float]]:
    """Return the corners of a stair; equal neighbours make one step."""
    corners: list[tuple[float, float]] = []
    at = start
    for value, group in groupby(values):
        length = len(list(group))
        y = axes.y(value)
        corners += [(axes.x(at * bin_seconds), y), (axes.x(min(axes.seconds, (at + length) * bin_seconds)), y)]
        at += length
    return corners
