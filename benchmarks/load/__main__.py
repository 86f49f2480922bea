"""`python -m benchmarks.load`: measure, write the numbers and the page, and say which goals are missed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.load.contestant import Contestant
from benchmarks.load.long_list import measure as measure_long_list
from benchmarks.load.nodes import Found
from benchmarks.load.page import page
from benchmarks.load.population import VIDEOS_OF_THE_LARGE
from benchmarks.load.report import FULL_RUNS, Report
from benchmarks.load.scene import Plan, measure
from benchmarks.machine import about_this_machine
from benchmarks.reaction.scene import REPOSITORY

SMALLER = 10
"""The same is measured with so many times fewer runs."""
LEAST_RUNS = 8

console = Console(highlight=False, soft_wrap=True)


def main(
    runs: Annotated[int, typer.Option(min=LEAST_RUNS, max=5000, help="Active runs at once.")] = FULL_RUNS,
    videos: Annotated[int, typer.Option(min=100, max=VIDEOS_OF_THE_LARGE, help="Of the large run.")] = (
        VIDEOS_OF_THE_LARGE
    ),
    window_seconds: Annotated[float, typer.Option(min=1, help="For which each state is measured.")] = 150.0,
    output: Annotated[Path, typer.Option(help="Folder for operator.json.")] = REPOSITORY / "build" / "benchmarks",
    docs: Annotated[
        Path | None, typer.Option(help="Folder for load.md; default: docs/ for a full measurement, else the output.")
    ] = None,
) -> None:
    """Measure what the operator takes to serve many runs at once, beside one that only creates Jobs."""
    folder = output / "load"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    about = about_this_machine()
    console.print(f"a list of {videos} videos, discovered and counted by the worker")
    long_list = measure_long_list(videos, folder / "long-list")
    plans = {
        "smaller": Plan(Contestant.OURS, max(LEAST_RUNS, runs // SMALLER), window_seconds),
        "ours": Plan(Contestant.OURS, runs, window_seconds, Found(videos, long_list.discover.shards)),
        "minimal": Plan(Contestant.MINIMAL, runs, window_seconds),
    }
    outcomes = {}
    for name, plan in plans.items():
        console.print(f"{plan.contestant}, {plan.runs} runs")
        (folder / name).mkdir()
        outcomes[name] = measure(plan, folder / name, console.print)
    report = Report(about, outcomes["smaller"], outcomes["ours"], outcomes["minimal"], long_list)
    report.write(output / "operator.json")
    console.print(f"{output / 'operator.json'} is written")
    written = (docs or (REPOSITORY / "docs" if runs >= FULL_RUNS else output)) / "load.md"
    written.write_text(page(report))
    console.print(f"{written} is written")
    missed = [goal.words for goal in report.goals() if not goal.reached]
    for words in missed:
        console.print(f"missed: {words}")
    if missed:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
