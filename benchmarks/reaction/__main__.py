"""`python -m benchmarks.reaction`: measure, and write the table, the picture and the numbers."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.machine import about_this_machine
from benchmarks.reaction.page import page
from benchmarks.reaction.plot import draw
from benchmarks.reaction.report import Replay, Report
from benchmarks.reaction.scene import REPOSITORY, measure
from ingestion_operator.observe.recording import read
from ingestion_operator.replay import replay

console = Console(highlight=False, soft_wrap=True)


def main(
    runs: Annotated[int, typer.Option(min=2, max=200, help="Runs at once.")] = 50,
    output: Annotated[Path, typer.Option(help="Folder for reaction.json.")] = REPOSITORY / "build" / "benchmarks",
    docs: Annotated[Path, typer.Option(help="Folder for reaction.md and .svg.")] = REPOSITORY / "docs",
) -> None:
    """Measure how soon the operator answers when the memory of its runs' workers runs out: minutes on two cores."""
    folder = output / "reaction"
    shutil.rmtree(folder, ignore_errors=True)
    recordings = folder / "recordings"
    recordings.mkdir(parents=True)
    about = about_this_machine()
    outcome = measure(runs, folder, recordings, console.print)
    report = Report(about, runs, outcome.reactions, outcome.load, _replay(recordings.iterdir()))
    report.write(output / "reaction.json")
    (docs / "reaction.md").write_text(page(report))
    draw(report, docs / "reaction.svg")
    console.print(f"{output / 'reaction.json'}, {docs / 'reaction.md'} and {docs / 'reaction.svg'} are written")


def _replay(recordings: Iterable[Path]) -> Replay:
    """Take every recorded decision again."""
    decisions = differing = 0
    for path in recordings:
        for replayed in replay(read(path)):
            decisions += 1
            differing += bool(replayed.differences)
    return Replay(decisions, differing)


if __name__ == "__main__":
    typer.run(main)
