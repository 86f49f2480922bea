"""`make incident`: the founding incident, our worker with frozen levers, and our operator, side by side."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from dev.demo.options import ROOT
from dev.demo.run import Run, shown
from dev.demo.signals import end_as_ctrl_c_does
from dev.incident import founding_arm, operator_arm, table
from dev.incident.arms import ABOUT, Arm, Setting
from dev.incident.page import page
from dev.incident.plot import draw
from dev.incident.recorded import recorded

console = Console(highlight=False, soft_wrap=True)


def main(
    videos: Annotated[int, typer.Option(min=1, help="Videos of the sample to ingest.")] = 200,
    gpu_gib: Annotated[float, typer.Option(min=1, help="Memory of the simulated GPU, in GiB.")] = 24,
    build: Annotated[Path, typer.Option(help="Folder for everything that is written.")] = ROOT / "build",
    docs: Annotated[Path | None, typer.Option(help="Folder that gets incident.md and incident.svg, too.")] = None,
) -> None:
    """Ingest the same clips three times on the same simulated GPU, and compare.

    The arms are `incident`, a copy of the founding program; `frozen`, our worker with the operator's levers frozen at
    four workers; and `adaptive`, ours. Exits with 0 only if `adaptive` has ingested every video that exists.
    """
    end_as_ctrl_c_does()
    setting = Setting(videos, gpu_gib, build.absolute() / "incident", os.cpu_count() or 1, os.getloadavg()[0])
    try:
        runs = {arm: play(arm, setting) for arm in Arm}
    except KeyboardInterrupt:
        console.print("stopped")
        sys.exit(130)
    except (RuntimeError, TimeoutError) as problem:
        console.print(f"error: {problem}", style="red")
        sys.exit(1)
    report(runs, setting, docs)
    sys.exit(0 if runs[Arm.ADAPTIVE].result.complete else 1)


def play(arm: Arm, setting: Setting) -> Run:
    """Play one arm, and say what happens."""
    console.print(f"\n{arm}: {ABOUT[arm]}", style="bold")
    if arm is Arm.INCIDENT:
        return founding_arm.play(setting, console.print)
    return operator_arm.play(arm, setting, console.print)


def report(runs: Mapping[Arm, Run], setting: Setting, docs: Path | None) -> None:
    """Print the table, and write it, the picture, the numbers, and the record for simulations."""
    results = {arm: run.result for arm, run in runs.items()}
    folder = setting.folder
    arms = {arm: result.to_json() for arm, result in results.items()}
    _write(folder / "result.json", {"device": "simulated", "arms": arms})
    _write(folder / "recorded.json", recorded(runs, setting))
    (folder / "incident.md").write_text(page(results, setting))
    draw(runs, folder / "incident.svg")
    if docs is not None:
        for name in ("incident.md", "incident.svg"):
            shutil.copy(folder / name, docs / name)
    console.print()
    console.print(table.for_terminal(results))
    console.print(f"The same as JSON: {shown(folder / 'result.json')}; as a picture: {shown(folder / 'incident.svg')}")


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
