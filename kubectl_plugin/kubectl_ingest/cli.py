"""The command `kubectl ingest`."""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from kubectl_ingest import cluster
from kubectl_ingest.cluster import Choice, KubernetesRuns, Runs
from kubectl_ingest.manifest import read_manifests, validate
from kubectl_ingest.observed_run import observe
from kubectl_ingest.plan import Plan
from kubectl_ingest.plan import plan as plan_of
from kubectl_ingest.plan_view import plan_view
from kubectl_ingest.refusal import Refusal, Unreachable
from kubectl_ingest.report import ENDED, RunReport, RunState, report
from kubectl_ingest.retry import retry as retry_of
from kubectl_ingest.status_view import run_view, runs_view
from kubectl_ingest.words import GIB

WATCH_SECONDS = 2.0
_WIDTH_OF_A_PIPE = 10_000
"""Lines that a program reads are not wrapped."""

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)


class Output(StrEnum):
    """Form of the output."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True)
class Edge:
    """What the commands ask of the world outside; tests pass another one as the context's object."""

    connect: Callable[[Choice], Runs] = KubernetesRuns
    default_namespace: Callable[[Choice], str] = cluster.default_namespace
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    pause: Callable[[float], None] = time.sleep


OutputOption = Annotated[Output, typer.Option("--output", "-o", help="text for people, json for programs.")]
NamespaceOption = Annotated[
    str | None, typer.Option("--namespace", "-n", help="Namespace. Default: that of the kubeconfig's context.")
]
ContextOption = Annotated[str | None, typer.Option(help="Context of the kubeconfig. Default: the current one.")]
KubeconfigOption = Annotated[
    str | None, typer.Option(help="Path of the kubeconfig. Default: $KUBECONFIG, then ~/.kube/config.")
]


@app.callback()
def root() -> None:
    """See what ingestion runs do, what a manifest would do, and take up what failed.

    \b
    kubectl ingest status                  the runs of this namespace
    kubectl ingest status talks --watch    one run, live, until it ends
    kubectl ingest plan -f talks.yaml      what the manifest would do; nothing is changed
    kubectl ingest retry talks             the manifest of a run of what failed

    A run is an IngestionRun (kubectl explain ir.spec). Exit codes: 0 done, 1 the run has failed or what was asked for
    is refused, 2 wrong usage or no answer from the cluster.
    """


@app.command()
def status(
    context_of_command: typer.Context,
    run: Annotated[str | None, typer.Argument(help="Name of the run. Default: a table of all.", metavar="RUN")] = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on until the run ends.")] = False,
    all_namespaces: Annotated[bool, typer.Option("--all-namespaces", "-A", help="The runs of all namespaces.")] = False,
    output: OutputOption = Output.TEXT,
    namespace: NamespaceOption = None,
    context: ContextOption = None,
    kubeconfig: KubeconfigOption = None,
) -> None:
    """Show how far a run is, its workers, its memory, and what the operator changed and why.

    \b
    kubectl ingest status                   a line for each run
    kubectl ingest status talks             all that is known of one
    kubectl ingest status talks -w          live; exits with 0 if the run succeeds, with 1 if it fails
    kubectl ingest status talks -o json     for programs; with -w, a line for each change

    \b
    How to read it:
    State   New, Running, Paused (the source blocks), Suspended, Stalled (it needs you), Succeeded or Failed.
    Floor   what one worker needs at the least, measured: its models and a batch of one.
    Budget  what each worker may use now.
    Target  budgets on a device add up to at most this share of it (spec.memory.targetPercent).

    The time left is an estimate from the average rate since the start.
    """
    with _told():
        edge = _edge(context_of_command)
        if run is None and watch:
            raise typer.BadParameter("name the run that is to be watched", param_hint="--watch")
        if run is not None and all_namespaces:
            raise typer.BadParameter("a run is in one namespace: name that with -n", param_hint="--all-namespaces")
        choice = Choice(kubeconfig, context)
        runs = edge.connect(choice)
        if run is None:
            _show_runs(edge, runs, None if all_namespaces else namespace or edge.default_namespace(choice), output)
            return
        namespace = namespace or edge.default_namespace(choice)
        if watch:
            last = _watch(edge, runs, namespace, run, output)
            raise typer.Exit(0 if last.state is RunState.SUCCEEDED else 1)
        told = report(observe(runs.get(namespace, run)), edge.now())
        _print(run_view(told, edge.now()) if output is Output.TEXT else None, told.to_wire())


@app.command()
def plan(
    context_of_command: typer.Context,
    filename: Annotated[
        str, typer.Option("--filename", "-f", help="File with the manifest, YAML or JSON; - is the standard input.")
    ],
    floor: Annotated[
        float | None,
        typer.Option(min=0.1, help="What one worker needs at the least, in GiB, as `status` showed it of a like run."),
    ] = None,
    output: OutputOption = Output.TEXT,
    namespace: NamespaceOption = None,
    context: ContextOption = None,
    kubeconfig: KubeconfigOption = None,
) -> None:
    """Say what a manifest would do: its videos, shards, Jobs, pods, and how many workers fit on a GPU.

    The manifest is checked with the operator's own types, and what is wrong is said field by field. The cluster is not
    asked, and nothing is changed.

    \b
    kubectl ingest plan -f talks.yaml
    kubectl ingest plan -f talks.yaml --floor 8.6     with the memory fit on common cards
    helm template ... | kubectl ingest plan -f -
    """
    with _told():
        edge = _edge(context_of_command)
        manifests = read_manifests(filename, sys.stdin)
        default = _namespace_of_a_plan(edge, Choice(kubeconfig, context))
        floor_bytes = int(floor * GIB) if floor is not None else None
        plans = [plan_of(validate(manifest, namespace, default), floor_bytes) for manifest in manifests]
        if output is Output.JSON:
            _print(None, {"plans": [found.to_wire() for found in plans]})
        else:
            _print_plans(plans)


@app.command()
def retry(
    context_of_command: typer.Context,
    run: Annotated[str, typer.Argument(help="Name of the run that has ended.", metavar="RUN")],
    apply: Annotated[bool, typer.Option("--apply", help="Create the new run, rather than print it.")] = False,
    output: OutputOption = Output.TEXT,
    namespace: NamespaceOption = None,
    context: ContextOption = None,
    kubeconfig: KubeconfigOption = None,
) -> None:
    """Make a new run of what a finished one did not ingest.

    The new run has the same spec and the name RUN-retry-1, or the next number that is free. It lists the source again,
    and costs only what is not there yet: every video whose output was committed is found and not done again. A source
    that has grown meanwhile brings its new videos too, within spec.source.limit.

    \b
    kubectl ingest retry talks                      print it as YAML
    kubectl ingest retry talks > retry.yaml         for a GitOps repository
    kubectl ingest retry talks --apply              create it
    """
    with _told():
        edge = _edge(context_of_command)
        choice = Choice(kubeconfig, context)
        runs = edge.connect(choice)
        namespace = namespace or edge.default_namespace(choice)
        failed = runs.get(namespace, run)
        found = retry_of(failed, {other["metadata"]["name"] for other in runs.list(namespace)})
        name = found.manifest["metadata"]["name"]
        made = runs.create(found.manifest) if apply else found.manifest
        if output is Output.JSON:
            typer.echo(json.dumps(made, indent=2))
        elif apply:
            typer.echo(f"ingestionrun.ingestion.dev/{name} created: {found.takes_up}")
            typer.echo(f"follow it with: kubectl ingest status {name} -n {namespace} --watch")
        else:
            typer.echo(f"# {name} {found.takes_up}.")
            typer.echo(yaml.safe_dump(made, sort_keys=False), nl=False)


def main() -> None:
    """Run the command under the name by which kubectl calls it."""
    app(prog_name="kubectl ingest")


def _edge(context: typer.Context) -> Edge:
    return context.obj if isinstance(context.obj, Edge) else Edge()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except Refusal as refusal:
        for line in str(refusal).splitlines():
            typer.echo(f"error: {line}", err=True)
        raise typer.Exit(refusal.exit_code) from refusal


def _namespace_of_a_plan(edge: Edge, choice: Choice) -> str:
    """Return the namespace of a manifest that names none; a plan needs no cluster unless one is named."""
    if choice != Choice():
        return edge.default_namespace(choice)
    try:
        return edge.default_namespace(choice)
    except Unreachable:
        return "default"


def _show_runs(edge: Edge, runs: Runs, namespace: str | None, output: Output) -> None:
    now = edge.now()
    found = [report(observe(run), now) for run in runs.list(namespace)]
    found.sort(key=lambda told: (told.namespace, told.name))
    if output is Output.TEXT and not found:
        where = f"in namespace {namespace}" if namespace is not None else "in any namespace"
        typer.echo(f"There are no IngestionRuns {where}.", err=True)
        return
    view = runs_view(found, with_namespace=namespace is None) if output is Output.TEXT else None
    _print(view, {"runs": [told.to_wire() for told in found]})


def _watch(edge: Edge, runs: Runs, namespace: str, name: str, output: Output) -> RunReport:
    """Show a run until it has ended, and return the last report of it; where nobody looks, only that is shown."""
    if output is Output.JSON:
        return _watch_lines(edge, runs, namespace, name)
    console = _console()
    if not console.is_terminal:
        told, _ = deque(_reports(edge, runs, namespace, name), maxlen=1).pop()
        _show(run_view(told, edge.now()))
        return told
    with Live(console=console, auto_refresh=False) as live:
        for told, silence in _reports(edge, runs, namespace, name):
            view = run_view(told, edge.now())
            live.update(view if silence is None else _with_silence(view, silence), refresh=True)
    return told


def _watch_lines(edge: Edge, runs: Runs, namespace: str, name: str) -> RunReport:
    before: dict[str, Any] = {}
    for told, _ in _reports(edge, runs, namespace, name):
        after = told.to_wire()
        if _without_clock(after) != _without_clock(before):
            typer.echo(json.dumps(after))
        before = after
    return told


def _reports(edge: Edge, runs: Runs, namespace: str, name: str) -> Iterator[tuple[RunReport, str | None]]:
    """Yield what is told of a run until it has ended, and why the cluster was silent where it was.

    A watch may take days: once the run was seen, a cluster that does not answer is asked again.
    """
    told: RunReport | None = None
    while told is None or told.state not in ENDED:
        if told is not None:
            edge.pause(WATCH_SECONDS)
        silence = None
        try:
            told = report(observe(runs.get(namespace, name)), edge.now())
        except Unreachable as problem:
            if told is None:
                raise
            silence = str(problem)
        yield told, silence


def _without_clock(told: dict[str, Any]) -> dict[str, Any]:
    clock = {"elapsedSeconds", "secondsLeft", "videosPerHour"}
    return {key: value for key, value in told.items() if key not in clock}


def _with_silence(view: RenderableType, silence: str) -> RenderableType:
    return Group(view, Text(f"asked again, since {silence}", style="yellow"))


def _print_plans(plans: list[Plan]) -> None:
    for position, found in enumerate(plans):
        if position:
            typer.echo()
        _show(plan_view(found))


def _print(view: RenderableType | None, data: dict[str, Any]) -> None:
    """Print a view for people, or data for programs where there is no view."""
    if view is None:
        typer.echo(json.dumps(data, indent=2))
    else:
        _show(view)


def _show(view: RenderableType) -> None:
    console = _console()
    if console.is_terminal:
        console.print(view)
        return
    with console.capture() as capture:
        console.print(view)
    for line in capture.get().splitlines():
        typer.echo(line.rstrip())


def _console() -> Console:
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _WIDTH_OF_A_PIPE
    return console
