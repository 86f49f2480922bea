"""`python -m benchmarks.control`: the contest, and what a law does in one scenario."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from benchmarks.control import rows as records
from benchmarks.control.chance import against_twins, share_unbeaten
from benchmarks.control.clairvoyant import clairvoyant_seconds
from benchmarks.control.contest import contest
from benchmarks.control.contestants import LAWS, OURS
from benchmarks.control.families import make
from benchmarks.control.moments import BEGINNING
from benchmarks.control.page import page
from benchmarks.control.play import play
from benchmarks.control.plot import draw
from benchmarks.control.predict import predict
from benchmarks.control.report import TIES_PERCENT, Report, report
from benchmarks.control.seeds import parse_seeds
from benchmarks.worker.measure import REPOSITORY
from ingestion_operator.decision.decision import Decision
from ingestion_operator.decision.snapshot import Snapshot

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)
console = Console(highlight=False, soft_wrap=True)

ALL_SEEDS = "0-999"
MOST_ERROR = 0.15
BUILD = REPOSITORY / "build" / "benchmarks"


@app.command()
def run(
    seeds: Annotated[str, typer.Option(help="Scenarios, as in 0-99 or 3,5,8.")] = ALL_SEEDS,
    processes: Annotated[int, typer.Option(min=1, help="That share the work.")] = os.cpu_count() or 1,
    bug_scenarios: Annotated[int, typer.Option(min=0, help="In so many the planted bugs play, too.")] = 85,
    output: Annotated[Path, typer.Option(help="Folder for control.json and control-scenarios.jsonl.")] = BUILD,
    docs: Annotated[
        Path | None,
        typer.Option(help="Folder for control-contest.md and .svg; default: docs/ for all scenarios, else the output."),
    ] = None,
) -> None:
    """Let all play. Exits with 1 if a goal is missed, or a planted bug is not noticed."""
    numbers = parse_seeds(seeds)
    played = contest(numbers, frozenset(numbers[:bug_scenarios]), processes)
    kept = records.write(played, output / "control-scenarios.jsonl")
    found = list(track(kept, description="scenarios", total=len(numbers), console=console))
    _write(seeds, found, output, docs or (REPOSITORY / "docs" if seeds == ALL_SEEDS else output))


@app.command()
def again(
    seeds: Annotated[str, typer.Option(help="As they were played.")] = ALL_SEEDS,
    output: Annotated[Path, typer.Option(help="Folder with control-scenarios.jsonl.")] = BUILD,
    docs: Annotated[Path, typer.Option(help="Folder for the page.")] = BUILD,
) -> None:
    """Write the page once more, of what was played."""
    _write(seeds, records.read(output / "control-scenarios.jsonl"), output, docs)


@app.command(name="predict")
def predict_runs(
    recorded: Annotated[Path, typer.Argument(help="recorded.json of `make incident`.")],
) -> None:
    """Predict recorded runs of the development cluster. Exits with 1 if one is missed by more than 15 %."""
    predictions = predict(json.loads(recorded.read_text()))
    for one in predictions:
        console.print(f"{one.arm}: {one.recorded:.0f} s, predicted {one.predicted:.0f} s ({100 * one.error:+.0f} %)")
    if any(abs(one.error) > MOST_ERROR for one in predictions):
        raise typer.Exit(1)


@app.command()
def chance(
    seeds: Annotated[str, typer.Option(help="Scenarios, as in 0-99 or 3,5,8.")] = "0-110",
    processes: Annotated[int, typer.Option(min=1, help="That share the work.")] = os.cpu_count() or 1,
) -> None:
    """Let our law play against itself, looking less often: how much of a difference says nothing about a law."""
    numbers = parse_seeds(seeds)
    against = against_twins(numbers, processes)
    played = list(track(against, description="scenarios", total=len(numbers), console=console))
    for percent in TIES_PERCENT:
        share = share_unbeaten(played, percent / 100)
        console.print(f"no twin of our law is faster by more than {percent} %: {100 * share:.1f} % of scenarios")


@app.command()
def explain(
    seed: Annotated[int, typer.Argument(help="Of the scenario.")],
    law: Annotated[str, typer.Option(help=f"One of {', '.join(LAWS)}.")] = OURS,
) -> None:
    """Print every change that a law makes in one scenario, one line each."""
    scenario = make(seed)
    decide = LAWS[law]()

    def telling(snapshot: Snapshot, now: datetime) -> Decision:
        decision = decide(snapshot, now)
        if decision.change is not None:
            seconds, change = (now - BEGINNING).total_seconds(), decision.change
            console.print(f"{seconds:6.0f} s  {change.lever} {change.value}  {change.reason}: {change.message}")
        return decision

    least = clairvoyant_seconds(scenario)
    console.print(f"{scenario.family}, {least:.0f} s at the least")
    console.print(play(scenario, lambda: telling, scenario.initial, least))


def _write(seeds: str, found: list[records.Row], output: Path, docs: Path) -> None:
    made = report(seeds, found)
    made.write(output / "control.json")
    (docs / "control-contest.md").write_text(page(made))
    draw(found, docs / "control-contest.svg")
    _say(made)
    if not made.passed:
        raise typer.Exit(1)


def _say(made: Report) -> None:
    for goal in (*made.goals, *made.contest_goals):
        sign = "at most" if goal.at_most else "at least"
        console.print(f"{'met   ' if goal.met else 'MISSED'} {goal.name}: {goal.got:.3g} ({sign} {goal.wanted:g})")
    for bug, missed in made.bugs.items():
        console.print(f"{'noticed' if missed else 'NOT NOTICED'} {bug}: {'; '.join(missed)}")


app()
