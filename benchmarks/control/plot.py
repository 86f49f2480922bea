"""The contest as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.control.contestants import CONTESTANTS, LAWS, OURS
from benchmarks.control.families import FAMILIES, HELD_OUT
from benchmarks.control.rows import Row

INK, OURS_COLOUR = "#343a40", "#0b7285"
COLOURS = {
    OURS: OURS_COLOUR,
    "aimd": "#e67700",
    "halving": "#862e9c",
    "hill-climber": "#2b8a3e",
    "static-1": "#adb5bd",
    "static-2": "#868e96",
    "static-4": "#495057",
    "human": "#c92a2a",
}
LOWEST, HIGHEST = -20.0, 150.0
"""Percent of regret that is shown."""

STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "benchmarks",
    "font.family": "sans-serif",
    "font.size": 9,
    **dict.fromkeys(("text.color", "axes.edgecolor", "xtick.color", "ytick.color"), INK),
}


def draw(rows: Sequence[Row], path: Path) -> None:
    """Write an SVG: the distribution of each contestant's regret, and that of ours by family."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(11, 5.5), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1, 1))
        _distribution(left, rows)
        _families(right, rows)
        figure.suptitle(f"{len(rows)} scenarios, simulated", x=0.01, ha="left", fontsize=8)
        figure.savefig(path, format="svg", metadata={"Date": None})


def _distribution(axes: Any, rows: Sequence[Row]) -> None:
    for name in CONTESTANTS:
        regrets = sorted(100 * row.regret(row.outcomes[name]) for row in rows)
        shares = [100 * (index + 1) / len(regrets) for index in range(len(regrets))]
        line = {"linewidth": 2.5 if name == OURS else 1.2, "linestyle": "-" if name in LAWS else "--"}
        axes.step(regrets, shares, where="post", color=COLOURS[name], label=name, **line)
    axes.set_xlim(LOWEST, HIGHEST)
    axes.set_ylim(0, 100)
    axes.axvline(0, color=INK, linewidth=0.6)
    axes.set_title("% of scenarios with at most so much regret (%)", loc="left", fontweight="bold")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower right", fontsize=8, facecolor="white", edgecolor="none", framealpha=0.9)


def _families(axes: Any, rows: Sequence[Row]) -> None:
    names = [name for name in reversed([*FAMILIES, *HELD_OUT]) if any(row.family == name for row in rows)]
    found = [[100 * row.regret(row.outcomes[OURS]) for row in rows if row.family == name] for name in names]
    axes.boxplot(
        found,
        orientation="horizontal",
        whis=(5, 95),
        showfliers=False,
        medianprops={"color": OURS_COLOUR, "linewidth": 2},
        tick_labels=[f"{name} (held out)" if name in HELD_OUT else name for name in names],
    )
    axes.axvline(0, color=INK, linewidth=0.6)
    axes.axvline(5, color=OURS_COLOUR, linewidth=0.6, linestyle=":")
    axes.set_title("ours: regret by family in %, 5th to 95th percentile", loc="left", fontweight="bold")
    axes.spines[["top", "right"]].set_visible(False)
