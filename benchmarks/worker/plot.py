"""The report as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.worker.report import WARM, Report
from benchmarks.worker.systems import MODEL_ONLY, OURS, SEQUENTIAL

OURS_COLOUR, OTHER_COLOUR, BOUND_COLOUR, INK = "#0b7285", "#adb5bd", "#dee2e6", "#343a40"

STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "benchmarks",
    "font.family": "sans-serif",
    "font.size": 9,
    **dict.fromkeys(("text.color", "axes.edgecolor", "xtick.color", "ytick.color"), INK),
}


def draw(report: Report, path: Path) -> None:
    """Write an SVG: the throughput at each load, and host memory over the length of the audio."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(11, 7), layout="constrained")
        top, bottom = _parts(figure)
        for axes, load in zip(top.subplots(1, 2), ("short-clips", "long-files"), strict=True):
            _bars(axes, report, load)
        _lines(bottom.subplots(1, 1), report)
        figure.savefig(path, format="svg", metadata={"Date": None})


def _parts(figure: Figure) -> Any:
    return figure.subfigures(2, 1, height_ratios=(3, 2))


def _bars(axes: Any, report: Report, load: str) -> None:
    rows = sorted(
        (row for row in report.rows if row.load == load and row.start == WARM), key=lambda row: row.audio_hours_per_hour
    )
    spread = [
        [row.audio_hours_per_hour - row.lowest for row in rows],
        [row.highest - row.audio_hours_per_hour for row in rows],
    ]
    bars = axes.barh(
        [row.system for row in rows],
        [row.audio_hours_per_hour for row in rows],
        xerr=spread,
        color=[_colour(row.system) for row in rows],
        error_kw={"elinewidth": 1, "ecolor": INK},
    )
    axes.bar_label(bars, fmt="%.0f", padding=12, color=INK)
    axes.set_title(f"{load}: audio-hours per hour, warm", loc="left", fontweight="bold")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.15)


def _colour(system: str) -> str:
    if system == MODEL_ONLY:
        return BOUND_COLOUR
    return OURS_COLOUR if system.startswith(OURS) else OTHER_COLOUR


def _lines(axes: Any, report: Report) -> None:
    for system, colour in ((SEQUENTIAL, OTHER_COLOUR), (OURS, OURS_COLOUR)):
        points = [point for point in report.host_memory if point.system == system]
        minutes = [point.minutes for point in points]
        axes.plot(minutes, [point.peak_host_bytes / 2**20 for point in points], "o-", color=colour, label=system)
    axes.set_title("One file: peak host memory in MiB over its minutes", loc="left", fontweight="bold")
    axes.set_ylim(bottom=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
