"""The three arms as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from dev.demo.manifests import TARGET_PERCENT
from dev.demo.run import Run
from dev.incident.arms import Arm
from dev.incident.recorded import series

COLOURS = {Arm.INCIDENT: "#c92a2a", Arm.FROZEN: "#868e96", Arm.ADAPTIVE: "#0b7285"}
INK, LINE = "#343a40", "#ced4da"

STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "incident",
    "font.family": "sans-serif",
    "font.size": 9,
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK),
}


def draw(runs: Mapping[Arm, Run], path: Path) -> None:
    """Write an SVG: device memory, and videos ingested, over the seconds since each arm began."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9, 6.5), layout="constrained")
        memory, videos = figure.subplots(2, 1, sharex=True)
        _memory(memory, runs)
        _videos(videos, runs)
        figure.savefig(path, format="svg", metadata={"Date": None})


def _memory(axes: Any, runs: Mapping[Arm, Run]) -> None:
    for arm, run in runs.items():
        columns = series(run.observations)
        axes.plot(columns["t"], columns["device_memory_percent"], color=COLOURS[arm], label=arm.value)
    axes.axhline(TARGET_PERCENT, color=INK, linewidth=0.8, linestyle="--")
    axes.text(0.995, TARGET_PERCENT + 1, f"target {TARGET_PERCENT} %", transform=axes.get_yaxis_transform(), ha="right")
    axes.set_ylim(0, 104)
    _finish(axes, "Device memory in percent (simulated GPU)")
    axes.legend(frameon=False, loc="center right")


def _videos(axes: Any, runs: Mapping[Arm, Run]) -> None:
    for arm, run in runs.items():
        columns = series(run.observations)
        axes.plot(columns["t"], columns["succeeded"], color=COLOURS[arm])
        axes.annotate(
            _ended(run),
            (columns["t"][-1], run.result.succeeded),
            xytext=(6, 0),
            textcoords="offset points",
            color=COLOURS[arm],
            va="center",
        )
    axes.set_xlabel("seconds since the arm began, start of processes included")
    axes.margins(x=0.22, y=0.08)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    _finish(axes, "Videos ingested")


def _ended(run: Run) -> str:
    lost = run.result.lost_to_memory
    return f"{run.result.succeeded}" + (f", {lost} lost to memory" if lost else "")


def _finish(axes: Any, title: str) -> None:
    axes.set_title(title, loc="left", fontweight="bold")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color=LINE, linewidth=0.5)
    axes.set_axisbelow(True)
