"""`make demo`: the founding incident, survived on a real Kubernetes API."""

from __future__ import annotations

import json
import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dev.demo import manifests
from dev.demo.background import Done, stay_in_background
from dev.demo.options import ROOT, Options
from dev.demo.result import Result, table
from dev.demo.run import ingest, shown
from dev.demo.signals import end_as_ctrl_c_does
from dev.demo.stage import Stage, set_up

MOST_FAULTS = 10

console = Console(highlight=False, soft_wrap=True)


class Adapt(StrEnum):
    """Whether the operator may move its levers."""

    ON = "on"
    OFF = "off"


def main(
    videos: Annotated[int, typer.Option(min=1, help="Videos of the sample to ingest.")] = 200,
    gpu_gib: Annotated[float, typer.Option(min=1, help="Memory of the simulated GPU, in GiB.")] = 24,
    workers: Annotated[int, typer.Option(min=1, help="Worker pods to begin with.")] = 4,
    adapt: Annotated[Adapt, typer.Option(help="off: the operator's levers are frozen.")] = Adapt.ON,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the cluster running, until `make cluster-down`.")] = False,
    kill_operator: Annotated[
        bool, typer.Option("--kill-operator", help="SIGKILL the operator in the middle, and start it again.")
    ] = False,
    build: Annotated[Path, typer.Option(help="Folder for everything that is written.")] = ROOT / "build",
) -> None:
    """Apply the founding incident's run to a real Kubernetes API, and watch it survive.

    Exits with 0 only if every video of the sample that exists is in the output.
    """
    options = Options(videos, gpu_gib, workers, adapt is Adapt.ON, keep, kill_operator, build.absolute())
    end_as_ctrl_c_does()
    sys.exit(stay_in_background(lambda done: attempt(options, done)) if keep else attempt(options))


def attempt(options: Options, done: Done | None = None) -> int:
    """Play the demonstration and return its exit code; what goes wrong is one sentence."""
    try:
        return play(options, done)
    except KeyboardInterrupt:
        say("stopped")
        return 130
    except (RuntimeError, TimeoutError) as problem:
        console.print(f"error: {problem}", style="red")
        return 1


def play(options: Options, done: Done | None) -> int:
    """Set the stage, apply the run, watch it, and report; with `done`, leave everything running until SIGTERM."""
    with set_up(options, say) as stage:
        result = ingest(stage, say).result
        report(stage, result)
        code = 0 if result.complete else 1
        if done:
            done(code)
            signal.pause()
    return code


def report(stage: Stage, result: Result) -> None:
    """Print what came out, and write it to `result.json`."""
    path = stage.options.folder / "result.json"
    path.write_text(json.dumps(result.to_json(), indent=2) + "\n")
    console.print()
    console.print(stage.kube.kubectl("get", "ir", "--namespace", manifests.NAMESPACE), end="")
    console.print()
    console.print(table(result))
    faults = [*result.missing, *result.wrong]
    for fault in faults[:MOST_FAULTS]:
        console.print(f"not in the output as it should be: {fault}", style="red")
    if len(faults) > MOST_FAULTS:
        console.print(f"... and {len(faults) - MOST_FAULTS} more", style="red")
    console.print(f"The same as JSON: {shown(path)}")
    cluster = stage.cluster
    look = f"{shown(cluster.kubectl)} --kubeconfig {shown(cluster.kubeconfig)} -n {manifests.NAMESPACE}"
    if stage.options.keep:
        console.print(f"Look around:      {look} describe ir\nEnd it:           make cluster-down")
    else:
        console.print(f"To look around with `{look} describe ir`, keep it running: make demo KEEP=1")


def say(line: str) -> None:
    """Print a line of the story."""
    console.print(line)


if __name__ == "__main__":
    typer.run(main)
