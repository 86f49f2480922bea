"""`make observe`: the demonstration with a Prometheus beside it, and a picture of the dashboards."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from dev.demo.manifests import NAMESPACE, RUN
from dev.demo.options import ROOT, Options
from dev.demo.run import shown
from dev.demo.signals import end_as_ctrl_c_does
from dev.grafana import operator, run
from dev.grafana.preview import Window, draw
from dev.observed.scene import Observed, observed
from dev.write_grafana import DASHBOARDS

_MARGIN_SECONDS = 4.0

console = Console(highlight=False, soft_wrap=True)


def main(
    videos: Annotated[int, typer.Option(min=1, help="Videos of the sample to ingest.")] = 200,
    gpu_gib: Annotated[float, typer.Option(min=1, help="Memory of the simulated GPU, in GiB.")] = 24,
    pace: Annotated[
        float, typer.Option(min=1, help="How many times as fast the times of the alerts pass, such as `for: 10m`.")
    ] = 150,
    keep: Annotated[bool, typer.Option("--keep", help="Leave Prometheus and cluster running until Ctrl-C.")] = False,
    build: Annotated[Path, typer.Option(help="Folder for everything that is written.")] = ROOT / "build",
) -> None:
    """Play the founding incident under a real Prometheus, and show which alerts fire and clear."""
    options = Options(videos, gpu_gib, workers=4, adapt=True, keep=False, kill_operator=False, build=build.absolute())
    end_as_ctrl_c_does()
    with observed(options, pace, console.print) as seen:
        console.print(_table(seen))
        for page in (run.UID, operator.UID):
            path = options.folder / f"{page}.png"
            _draw(seen, page, path)
            console.print(f"Preview: {shown(path)}")
        if keep:
            console.print(f"Look around: {seen.prometheus.url}; Ctrl-C ends it")
            signal.pause()
        sys.exit(0 if seen.result.complete else 1)


def _table(seen: Observed) -> Table:
    table = Table("seconds", "alert", "state", title="Alerts, in a Prometheus")
    for change in seen.changes:
        table.add_row(f"{change.t:.0f}", change.alert, change.state)
    return table


def _draw(seen: Observed, page: str, path: Path) -> None:
    window = Window(seen.began - _MARGIN_SECONDS, seen.ended)
    text = (DASHBOARDS / f"{page}.json").read_text(encoding="utf-8")
    variables = {"namespace": NAMESPACE, "run": RUN, "datasource": "prometheus"}
    draw(text, seen.prometheus, variables, window, "simulated GPU", path)


if __name__ == "__main__":
    typer.run(main)
