"""The report as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.reaction.report import GOAL_SECONDS, TIMES, Report
from benchmarks.reaction.timeline import Kind
from benchmarks.worker.plot import INK, STYLE

_TITLES = {Kind.WAITS: "The worker waits and turns not ready", Kind.EXITS: "The worker ends with exit code 85"}
_LABELS = {"to_status": "decided", "to_patch": "Job patched", "to_relief": "memory under the line"}
_COLOURS = {"to_status": "#adb5bd", "to_patch": "#0b7285", "to_relief": "#e8590c"}


def draw(report: Report, path: Path) -> None:
    """Write an SVG: for each way to show an OOM, the share of runs over the seconds until each step."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(11, 4), layout="constrained")
        for axes, kind in zip(figure.subplots(1, len(Kind), sharex=True, sharey=True), Kind, strict=True):
            _steps(axes, report, kind)
        figure.savefig(path, format="svg", metadata={"Date": None})


def _steps(axes: Any, report: Report, kind: Kind) -> None:
    for name, seconds in TIMES.items():
        taken = [took for each in report.reactions if each.kind is kind and (took := seconds(each)) is not None]
        if taken:
            axes.ecdf(taken, color=_COLOURS[name], label=_LABELS[name])
    axes.axvline(GOAL_SECONDS, color=INK, linestyle=":", linewidth=1, label=f"goal of the median: {GOAL_SECONDS:g} s")
    axes.set_title(f"{_TITLES[kind]}: share of the runs", loc="left", fontweight="bold")
    axes.set_xlabel("seconds from the moment that the operator can see it")
    axes.set_xlim(left=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
