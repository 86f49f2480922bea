"""Draws a dashboard from its file and a Prometheus, to look at where there is no Grafana.

A preview of the queries, not of Grafana: titles, places, units, legends, stacks and levels are the file's; the rest
is plain.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dev.grafana.reading import ReadPanel, Target, concrete, marks, panels
from dev.prometheus import Prometheus, Series

_HONEST = "a preview of the queries, not drawn by Grafana"
_COLUMNS = 24
_INCHES_OF_A_COLUMN = 0.75
_INCHES_OF_A_LINE = 0.33
_LETTERS_OF_A_COLUMN = 15
_POINTS = 120
_RATE_SECONDS = 6.0
_COLOURS = ["#73bf69", "#f2cc0c", "#5794f2", "#ff780a", "#f2495c", "#b877d9", "#37872d", "#8ab8ff", "#ffa6b0"]
_NAMED = {"red": "#f2495c", "orange": "#ff9830", "green": "#73bf69", "blue": "#5794f2", "text": "#d8d9da"}
_STYLE: Any = {
    "font.size": 8,
    "figure.facecolor": "#111217",
    "axes.facecolor": "#181b1f",
    "axes.edgecolor": "#2c3235",
    "text.color": "#d8d9da",
    "axes.labelcolor": "#d8d9da",
    "xtick.color": "#9fa7b3",
    "ytick.color": "#9fa7b3",
    "grid.color": "#2c3235",
    "axes.grid": True,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "legend.fontsize": 6.5,
}


@dataclass(frozen=True)
class Window:
    """The time that is shown, as Unix times."""

    start: float
    end: float


@dataclass(frozen=True)
class _Asked:
    """A dashboard's Prometheus, with the variables and the time that its user has chosen."""

    prometheus: Prometheus
    variables: Mapping[str, str]
    window: Window

    @property
    def step(self) -> float:
        """How far points lie apart, in seconds."""
        return max(1.0, (self.window.end - self.window.start) / _POINTS)

    def answer(self, expr: str) -> Sequence[Series]:
        asked = concrete(expr, self.variables, _RATE_SECONDS)
        return self.prometheus.over_time(asked, self.window.start, self.window.end, self.step)

    def answer_at_the_end(self, expr: str) -> Sequence[Series]:
        asked = concrete(expr, self.variables, _RATE_SECONDS)
        return self.prometheus.over_time(asked, self.window.end, self.window.end, 1)

    def broken(self, series: Series) -> tuple[list[float], list[float]]:
        """Return times and values of a series, with a value that is not drawn in each of its gaps."""
        times: list[float] = []
        values: list[float] = []
        for at, value in series.points:
            seconds = at - self.window.start
            if times and seconds - times[-1] > 1.5 * self.step:
                times.append(times[-1] + self.step)
                values.append(math.nan)
            times.append(seconds)
            values.append(value)
        return times, values

    def moments(self, text: str) -> list[float]:
        """Return the moments that the annotations of a dashboard mark, in seconds from the start."""
        found = {value / 1000 for _, expr in marks(text) for series in self.answer(expr) for _, value in series.points}
        return [at - self.window.start for at in found if self.window.start <= at <= self.window.end]


def draw(
    text: str, prometheus: Prometheus, variables: Mapping[str, str], window: Window, caption: str, path: Path
) -> None:
    """Draw a dashboard, given as JSON, into a picture, with a caption that says what it is of.

    Raises:
        QueryRefused: Prometheus does not take a query.
    """
    asked = _Asked(prometheus, variables, window)
    found = panels(text)
    lines = 1 + max(panel.raw["gridPos"]["y"] + panel.raw["gridPos"]["h"] for panel in found)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(_COLUMNS * _INCHES_OF_A_COLUMN, lines * _INCHES_OF_A_LINE))
        moments = asked.moments(text)
        for panel in found:
            axes = figure.add_axes(_place(panel, lines))
            axes.set_title(panel.title)
            _DRAWN[panel.kind](axes, panel, asked)
            if panel.kind == "timeseries":
                for at in moments:
                    axes.axvline(at, color=_NAMED["blue"], linestyle=":", linewidth=1)
        figure.text(0.995, 0.4 / lines, f"{_HONEST}; {caption}; seconds", ha="right", va="center", style="italic")
        figure.savefig(path, dpi=72)


def _place(panel: ReadPanel, lines: int) -> tuple[float, float, float, float]:
    place = panel.raw["gridPos"]
    left, right = 0.9 / _COLUMNS, (0.8 if _has_two_axes(panel) else 0.25) / _COLUMNS
    above, below = 1.0 / lines, (2.3 if panel.kind == "timeseries" else 0.9) / lines
    if panel.kind in ("row", "stat", "table"):
        above, below, left = 0.8 / lines, 0.1 / lines, 0.15 / _COLUMNS
    if panel.kind == "state-timeline":
        left = 3.4 / _COLUMNS
    bottom = 1 - (place["y"] + place["h"]) / lines
    return (
        place["x"] / _COLUMNS + left,
        bottom + below,
        place["w"] / _COLUMNS - left - right,
        max(place["h"] / lines - above - below, 0.001),
    )


def _draw_row(axes: Axes, panel: ReadPanel, asked: _Asked) -> None:
    axes.set_axis_off()
    axes.set_title("▾ " + panel.title, fontsize=11)


def _draw_number(axes: Axes, panel: ReadPanel, asked: _Asked) -> None:
    axes.set_axis_off()
    (target,) = panel.targets
    words, colour = "-", _NAMED["text"]
    for series in asked.answer_at_the_end(target.expr):
        value = series.points[-1][1]
        defaults = panel.raw["fieldConfig"]["defaults"]
        named = panel.raw["options"]["textMode"] == "name"
        words = _called(target, series) if named else _written(value, defaults["unit"], defaults.get("decimals", 0))
        colour = _NAMED[_reached(value, defaults["thresholds"]["steps"])]
    axes.text(0.5, 0.4, words, ha="center", va="center", fontsize=17, color=colour, transform=axes.transAxes)


def _draw_lines(axes: Axes, panel: ReadPanel, asked: _Asked) -> None:
    defaults = panel.raw["fieldConfig"]["defaults"]
    custom = defaults["custom"]
    apart = {found["matcher"]["options"]: _properties(found) for found in _overrides(panel)}
    stacked = custom.get("stacking", {}).get("mode") == "normal"
    colours = iter(_COLOURS * 10)
    right: Axes | None = None
    floor: dict[float, float] = {}
    for target in panel.targets:
        set_apart = apart.get(target.letter, {})
        if "unit" in set_apart and right is None:
            right = axes.twinx()
            right.grid(visible=False)
        for series in asked.answer(target.expr):
            times, values = asked.broken(series)
            style = "--" if "custom.lineStyle" in set_apart else "-"
            chosen: Axes = right if right is not None and "unit" in set_apart else axes
            label, colour = _called(target, series), next(colours)
            if stacked and "custom.stacking" not in set_apart:
                below = [floor.get(at, 0.0) for at in times]
                values = [value + low for value, low in zip(values, below, strict=True)]
                floor |= dict(zip(times, values, strict=True))
                axes.fill_between(times, below, values, color=colour, alpha=0.4, linewidth=0)
            chosen.plot(times, values, style, color=colour, linewidth=1.4, label=label)
    for level in defaults.get("thresholds", {}).get("steps", ()):
        if level["value"] is not None:
            axes.axhline(level["value"], color=_NAMED[level["color"]], linestyle="--", linewidth=0.8)
    _scale(axes, defaults["unit"], defaults.get("max"))
    if right is not None:
        _scale(right, next(found["unit"] for found in apart.values() if "unit" in found), None)
    axes.set_xlim(0, asked.window.end - asked.window.start)
    _legend(axes, right, panel.raw["gridPos"]["w"])


def _legend(axes: Axes, right: Axes | None, width: int) -> None:
    handles, labels = axes.get_legend_handles_labels()
    if right is not None:
        more = right.get_legend_handles_labels()
        handles, labels = [*handles, *more[0]], [*labels, *(f"{label} (right)" for label in more[1])]
    if labels:
        columns = max(1, int(_LETTERS_OF_A_COLUMN * width / (max(map(len, labels)) + 6)))
        axes.legend(handles, labels, loc="upper left", bbox_to_anchor=(-0.02, -0.09), ncols=columns, columnspacing=1)


def _scale(axes: Axes, unit: str, most: float | None) -> None:
    top = most if most is not None else axes.get_ylim()[1]
    axes.set_ylim(bottom=0, top=1.04 * max(top, 1e-9))
    axes.yaxis.set_major_formatter(lambda value, _: _written(value, unit, 1 if value < 10 else 0))


def _draw_states(axes: Axes, panel: ReadPanel, asked: _Asked) -> None:
    (target,) = panel.targets
    colour = _NAMED[panel.raw["fieldConfig"]["defaults"]["color"]["fixedColor"]]
    found = {_called(target, series): series for series in asked.answer(target.expr)}
    for height, series in enumerate(found.values()):
        bars = [(at - asked.window.start, asked.step) for at, _ in series.points]
        axes.broken_barh(bars, (height - 0.4, 0.8), color=colour)
    axes.set_yticks(range(len(found)), list(found), fontsize=6.5)
    axes.set_xlim(0, asked.window.end - asked.window.start)


def _draw_table(axes: Axes, panel: ReadPanel, asked: _Asked) -> None:
    axes.set_axis_off()
    order = panel.raw["transformations"][1]["options"]["renameByName"]
    units = {found["matcher"]["options"]: _properties(found).get("unit") for found in _overrides(panel)}
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for target in panel.targets:
        title = order.get(f"Value #{target.letter}", "")
        for series in asked.answer_at_the_end(target.expr):
            row = rows.setdefault((series.labels["namespace"], series.labels["run"]), {})
            row |= {name: value for name, value in series.labels.items() if not title}
            if title:
                row[title] = _written(series.points[-1][1], units.get(title) or "short", 0)
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    if rows:
        cells = [[row.get(name, "-") for name in names] for row in rows.values()]
        table = axes.table(cells, colLabels=names, loc="upper left", cellLoc="left")
        for cell in table.get_celld().values():
            cell.set_facecolor("#181b1f")
            cell.set_edgecolor("#2c3235")
            cell.get_text().set_color("#d8d9da")


_DRAWN: dict[str, Callable[[Axes, ReadPanel, _Asked], None]] = {
    "row": _draw_row,
    "stat": _draw_number,
    "timeseries": _draw_lines,
    "state-timeline": _draw_states,
    "table": _draw_table,
}


def _has_two_axes(panel: ReadPanel) -> bool:
    return panel.kind == "timeseries" and any("unit" in _properties(found) for found in _overrides(panel))


def _overrides(panel: ReadPanel) -> list[Any]:
    return list(panel.raw["fieldConfig"]["overrides"])


def _properties(override: Mapping[str, Any]) -> dict[str, Any]:
    return {found["id"]: found["value"] for found in override["properties"]}


def _called(target: Target, series: Series) -> str:
    called = target.legend
    for label, value in series.labels.items():
        called = called.replace(f"{{{{{label}}}}}", value)
    return called


def _reached(value: float, steps: Sequence[Mapping[str, Any]]) -> str:
    return str([step["color"] for step in steps if step["value"] is None or value >= step["value"]][-1])


def _written(value: float, unit: str, decimals: int) -> str:
    """Return a value as a person reads it; of Grafana's units, those that are used here."""
    if math.isnan(value):
        return "-"
    if unit == "percentunit":
        return f"{100 * value:.{decimals}f} %"
    if unit == "bytes":
        return f"{value / 2**30:.1f} GiB" if value >= 2**28 else f"{value / 2**20:.0f} MiB"
    if unit == "s":
        return f"{value:.{decimals}f} s" if value < 120 else f"{value / 60:.0f} min"
    written = f"{value:.2g}" if 0 < abs(value) < 1 else f"{value:.{decimals}f}"
    return f"{written}/s" if unit == "ops" else written
