"""`python -m benchmarks.worker run`: measure, and write the table, the picture and the numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.worker import cache, loads, peers
from benchmarks.worker.measure import REPOSITORY
from benchmarks.worker.page import page
from benchmarks.worker.plot import draw
from benchmarks.worker.profile import profile
from benchmarks.worker.run import QUICK, Plan
from benchmarks.worker.run import run as measure_all
from benchmarks.worker.systems import SYSTEMS

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)
console = Console(highlight=False, soft_wrap=True)


@app.command()
def run(
    quick: Annotated[
        bool, typer.Option(help="A few seconds of audio, once: shows that it works, and no more.")
    ] = False,
    rounds: Annotated[int | None, typer.Option(min=1, help="How often each system takes each load.")] = None,
    system: Annotated[list[str] | None, typer.Option(help="Only these systems; may be given several times.")] = None,
    output: Annotated[Path, typer.Option(help="Folder for worker.json.")] = REPOSITORY / "build" / "benchmarks",
    docs: Annotated[
        Path | None, typer.Option(help="Folder for benchmarks.md and .svg; default: docs/, or with --quick the output.")
    ] = None,
) -> None:
    """Measure every system at every load. In full it takes hours on two cores, which must have nothing else to do."""
    plan = QUICK if quick else Plan()
    plan = replace(plan, rounds=rounds or plan.rounds, systems=_known(system) or plan.systems)
    report = measure_all(plan, console.print)
    report.write(output / "worker.json")
    folder = docs or (output if quick else REPOSITORY / "docs")
    (folder / "benchmarks.md").write_text(page(report))
    draw(report, folder / "benchmarks.svg")
    console.print(f"{output / 'worker.json'}, {folder / 'benchmarks.md'} and {folder / 'benchmarks.svg'} are written")


@app.command(name="profile")
def profile_stages(
    minutes: Annotated[float, typer.Option(min=0.1, help="Length of the file.")] = 10,
) -> None:
    """Print the processor seconds that decoding, finding speech and features take for one file."""
    media = loads.one_file(cache() / "benchmarks" / "audio", minutes).media[0]
    for stage, seconds in profile(Path(media.path)).items():
        console.print(f"{stage}: {seconds:.2f} s of one core for {minutes:g} minutes")


@app.command(name="peers")
def install_peers() -> None:
    """Install the peers, each in an environment of its own outside the repository: 8 GB, for WhisperX brings torch."""
    peers.install(console.print)


def _known(systems: list[str] | None) -> tuple[str, ...]:
    unknown = sorted(set(systems or ()) - set(SYSTEMS))
    if unknown:
        raise typer.BadParameter(
            f"there is no system {unknown[0]}: it is one of {', '.join(SYSTEMS)}", param_hint="--system"
        )
    return tuple(systems or ())


app()
