"""The soak as a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.soak.judge import after_warm_up
from benchmarks.soak.sample import KINDS, OTHERS, Sample
from benchmarks.worker.plot import INK, STYLE

_WARM_UP_COLOUR = "#f1f3f5"
_COLOURS = ("#0b7285", "#e8590c", "#862e9c", "#2b8a3e")
_KINDS = {"ingestionruns": "IngestionRuns", "jobs": "Jobs", "pods": "Pods", "configmaps": "ConfigMaps"}

Value = Callable[[Sample], float]


def draw(samples: Sequence[Sample], path: Path) -> None:
    """Write an SVG: what there was over the minutes, at rest as dots."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(11, 8), layout="constrained")
        panels = figure.subplots(3, 2, sharex=True)
        for axes, (title, values) in zip(panels.flat, _panels().items(), strict=True):
            _panel(axes, samples, values)
            _finish(axes, title)
        for axes in panels[-1]:
            axes.set_xlabel("minutes; no runs are there at the dots; what is in grey is warm-up")
        figure.savefig(path, format="svg", metadata={"Date": None})


def _panels() -> dict[str, Mapping[str, Value]]:
    """Return what each panel shows, by its title."""
    return {
        "Resident memory of the operator, MiB": {"": lambda sample: sample.memory_bytes / 2**20},
        "Runs that have come and gone": {"": lambda sample: sample.runs},
        "Open file descriptors and threads of the operator": {
            "file descriptors": lambda sample: sample.open_files,
            "threads": lambda sample: sample.threads,
        },
        "Series on the operator's metrics page": {"": lambda sample: sample.series},
        "Objects": {_KINDS[kind]: _objects(kind) for kind in KINDS},
        "Objects of all other kinds, without Events": {"": _objects(OTHERS)},
    }


def _objects(kind: str) -> Value:
    return lambda sample: sample.objects[kind]


def _panel(axes: Any, samples: Sequence[Sample], values: Mapping[str, Value]) -> None:
    rests = [sample for sample in samples if sample.resting]
    for (label, value), colour in zip(values.items(), _COLOURS, strict=False):
        axes.plot(_minutes(samples), [*map(value, samples)], color=colour, linewidth=0.8, alpha=0.6)
        axes.plot(_minutes(rests), [*map(value, rests)], ".", color=colour, markersize=5, label=label)
    if len(values) > 1:
        axes.legend(frameon=False, loc="upper left", ncols=len(values))
    axes.margins(y=0.25)
    axes.axvspan(0, after_warm_up(samples)[0].seconds / 60, color=_WARM_UP_COLOUR, zorder=0)


def _minutes(samples: Sequence[Sample]) -> list[float]:
    return [sample.seconds / 60 for sample in samples]


def _finish(axes: Any, title: str) -> None:
    axes.set_title(title, loc="left", fontweight="bold", color=INK)
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    axes.spines[["top", "right"]].set_visible(False)
