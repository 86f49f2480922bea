"""`python -m benchmarks.faults`: runs under faults drawn by chance, audited one by one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.faults.campaign import Campaign, deal, possible
from benchmarks.faults.page import page
from benchmarks.faults.play import Found
from benchmarks.machine import about_this_machine

REPOSITORY = Path(__file__).parents[2]

console = Console(highlight=False, soft_wrap=True)


def main(
    runs: Annotated[int, typer.Option(min=1, help="How many runs.")] = 200,
    seed: Annotated[int, typer.Option(help="Of all that chance decides.")] = 1,
    slots: Annotated[int, typer.Option(min=1, max=16, help="How many runs at once, where the fault allows it.")] = 3,
    kind: Annotated[list[str] | None, typer.Option(help="Only faults of this name; repeat for several.")] = None,
    only: Annotated[list[int] | None, typer.Option(help="Only the run of this number; repeat for several.")] = None,
    output: Annotated[Path, typer.Option(help="Folder for faults.json, logs and the cluster.")] = REPOSITORY / "build",
    docs: Annotated[Path | None, typer.Option(help="Folder for faults.md. Default: no page is written.")] = None,
) -> None:
    """Let faults happen to runs, and see whether every video is accounted for exactly once after each.

    What was found is written after each run, so that a campaign may be ended at any time.
    """
    folder = output / "faults"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    kinds = [each for each in possible(console.print) if not kind or each.name in kind]
    if not kinds:
        raise typer.BadParameter(f"there is no fault {', '.join(kind or ())} that this machine can have")
    about = {**about_this_machine(), "seed": str(seed)}
    planned = [each for each in deal(kinds, runs, seed) if not only or each.number in only]
    console.print(f"{len(planned)} runs, seed {seed}, {len(kinds)} kinds of faults, {slots} runs at once")

    def keep(found: Sequence[Found]) -> None:
        told = {"about": about, "runs": [asdict(each) for each in found]}
        (output / "faults.json").write_text(json.dumps(told, indent=2) + "\n")
        if docs is not None:
            (docs / "faults.md").write_text(page(found, about))

    found = Campaign(planned, slots, folder, console.print, keep).play()
    bad = [each for each in found if each.problems]
    console.print(f"seed {seed}: {len(found) - len(bad)} of {len(found)} runs all accounted for; {output}/faults.json")
    if bad:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
