"""`python -m benchmarks.availability`: measure how long runs are without a decision when the operator is killed."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from itertools import cycle, islice
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.availability.outage import Cause
from benchmarks.availability.page import page
from benchmarks.availability.scene import measure
from benchmarks.machine import about_this_machine
from benchmarks.reaction.scene import REPOSITORY

console = Console(highlight=False, soft_wrap=True)


def main(
    kills: Annotated[int, typer.Option(min=2, max=60, help="How often it is killed, half of them with its pod.")] = 10,
    output: Annotated[Path, typer.Option(help="Folder for availability.json.")] = REPOSITORY / "build" / "benchmarks",
    docs: Annotated[Path, typer.Option(help="Folder for availability.md.")] = REPOSITORY / "docs",
) -> None:
    """Kill the operator again and again, each time when the memory of a run runs out, and see when that is answered."""
    folder = output / "availability"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    setting = about_this_machine()
    outages = measure(list(islice(cycle(Cause), kills * 3 // 2)), folder, console.print)
    told = {"about": setting, "outages": [asdict(each) for each in outages]}
    (output / "availability.json").write_text(json.dumps(told, indent=2) + "\n")
    (docs / "availability.md").write_text(page(outages, setting))
    console.print(f"{output / 'availability.json'} and {docs / 'availability.md'} are written")


if __name__ == "__main__":
    typer.run(main)
