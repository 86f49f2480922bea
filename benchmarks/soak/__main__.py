"""`python -m benchmarks.soak`: runs come and go on the development cluster, and nothing may grow."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.machine import about_this_machine
from benchmarks.soak.judge import Verdict, judge
from benchmarks.soak.page import page
from benchmarks.soak.plot import draw
from benchmarks.soak.soak import REPOSITORY, Soaked, soak

console = Console(highlight=False, soft_wrap=True)


def main(
    minutes: Annotated[
        float, typer.Option(min=0, help="How long; five rounds at least, and the last one is finished.")
    ] = 20,
    output: Annotated[Path, typer.Option(help="Folder for soak.json and the cluster.")] = REPOSITORY / "build",
    docs: Annotated[Path | None, typer.Option(help="Folder for soak.md and .svg. Default: none is written.")] = None,
) -> None:
    """Let runs come and go, and see whether the operator or the number of objects grows with them.

    Exits with 0 only if nothing grows, and each run did what it was to do.
    """
    folder = output / "soak"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    about = about_this_machine()
    soaked = soak(minutes, folder, console.print)
    about["when it ended"] = about_this_machine()["before it began"]
    verdicts = judge(soaked.samples)
    (output / "soak.json").write_text(json.dumps(_told(soaked, verdicts, about), indent=2) + "\n")
    if docs is not None:
        (docs / "soak.md").write_text(page(soaked, verdicts, about))
        draw(soaked.samples, docs / "soak.svg")
    _conclude(soaked, verdicts, output / "soak.json")


def _told(soaked: Soaked, verdicts: Sequence[Verdict], about: dict[str, str]) -> dict[str, object]:
    return {
        "about": about,
        "runs": Counter(run.course for run in soaked.runs),
        "lowered": Counter(run.course for run in soaked.runs if run.lowered),
        "problems": soaked.problems,
        "verdicts": [{**asdict(verdict), "grows": verdict.grows} for verdict in verdicts],
        "samples": [asdict(sample) for sample in soaked.samples],
    }


def _conclude(soaked: Soaked, verdicts: Sequence[Verdict], written: Path) -> None:
    growing = [verdict for verdict in verdicts if verdict.grows]
    for verdict in growing:
        console.print(
            f"{verdict.quantity} grows by {verdict.per_hundred_runs:.2f} over a hundred runs, "
            f"and {verdict.tolerated:g} are tolerated",
            style="red",
        )
    console.print(f"{len(soaked.runs)} runs have come and gone, {len(soaked.problems)} not as they were to; {written}")
    if growing or soaked.problems:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
