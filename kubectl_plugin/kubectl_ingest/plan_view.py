"""A plan as a person reads it on a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ingestion_contract.pod import Step
from ingestion_contract.spec import Captions
from kubectl_ingest.plan import CardFit, MemoryPlan, Plan, ShardsPlan, SourcePlan, StepPlan
from kubectl_ingest.words import gib, number, printable

_INDENT = (0, 0, 0, 2)
_CAPTIONS = {
    Captions.PREFER: "captions first, speech recognition as the fallback",
    Captions.ONLY: "captions or nothing",
    Captions.IGNORE: "always speech recognition",
}
_DOES = {
    Step.DISCOVER: "lists the videos and cuts the list into shards",
    Step.WORK: "ingests the videos, a shard per index",
    Step.FINISH: "counts what is there and writes the index",
}


def plan_view(plan: Plan) -> RenderableType:
    """Return everything that is told of a plan."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    suspended = ", suspended: nothing starts before spec.suspend is false" if plan.suspended else ""
    for label, lines in (
        ("Run", [f"{plan.namespace}/{plan.name}{suspended}"]),
        ("Source", _source(plan.source)),
        ("Shards", _shards(plan.shards)),
        ("Models", _models(plan)),
        ("Output", [plan.output]),
        ("Succeeds", [f"with {plan.min_success_percent} % of the videos that exist and may be read"]),
        ("ConfigMaps", [", ".join(plan.config_maps)]),
    ):
        for position, line in enumerate(lines):
            grid.add_row("" if position else label, Text(printable(line)))
    [work] = (step for step in plan.steps if step.step is Step.WORK)
    return Group(
        grid,
        Text("Steps", style="bold"),
        Padding(_steps(plan.steps), _INDENT, expand=False),
        Text("Memory", style="bold"),
        Padding(_memory(plan.memory, work), _INDENT, expand=False),
    )


def _source(source: SourcePlan) -> Iterable[str]:
    yield from source.urls
    most = f"at most {number(source.limit, 'video')}" if source.limit is not None else "every video of it"
    yield f"{most}; {_CAPTIONS[source.captions]}; captions in {', '.join(source.languages)}"
    if source.videos_per_hour is not None:
        yield f"{number(source.videos_per_hour, 'video')} an hour in all, shared out over the workers"


def _shards(shards: ShardsPlan) -> Iterable[str]:
    cut = f"at most {number(shards.videos_per_shard, 'video')} each, fewer where they are long"
    if shards.expected_at_least is None:
        yield f"known after listing; {cut}"
    else:
        yield f"known after listing; {shards.expected_at_least} or more if the source reaches the limit; {cut}"


def _models(plan: Plan) -> Iterable[str]:
    for model in plan.transcription:
        languages = "any language" if "*" in model.languages else ", ".join(model.languages)
        yield f"speech ({languages}): {model.model}"
    yield f"embedding: {plan.embedding}"


def _steps(steps: list[StepPlan]) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="")
    for header in ("STEP", "JOB", "PODS AT A TIME", "EACH POD ASKS FOR", "WHAT IT DOES"):
        table.add_column(header, no_wrap=header != "WHAT IT DOES")
    for step in steps:
        pods = f"{step.pods_initial}, between {step.pods_min} and {step.pods_max}"
        table.add_row(
            step.step,
            step.job,
            pods if step.step is Step.WORK else str(step.pods_initial),
            Text(_resources(step.resources)),
            _DOES[step.step],
        )
    return table


def _resources(resources: dict[str, Any]) -> str:
    asked = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return ", ".join(f"{name} {amount}" for name, amount in asked.items()) or "nothing in particular"


def _memory(memory: MemoryPlan, work: StepPlan) -> RenderableType:
    if memory.floor_bytes is None:
        return Text(
            f"Workers on a device stay below {memory.target_percent} % of it. How many fit depends on what one needs "
            "at the least, its floor: the first worker measures that at run time, and `kubectl ingest status` "
            "shows it. Where you know it from an earlier run, give it as --floor GIB."
        )
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="")
    for header in ("CARD", "DEVICE", "FIT", "SO"):
        table.add_column(header, no_wrap=header != "SO")
    for fit in memory.cards:
        table.add_row(fit.card, gib(fit.device_bytes), str(fit.workers), _so(fit, work))
    return Group(
        Text(
            f"Workers on one device under the target of {memory.target_percent} %, with a floor of "
            f"{gib(memory.floor_bytes)} each:"
        ),
        table,
        Text(
            "Workers share a device only where its node offers slices of it (time-slicing or MPS). The floor is as you "
            "say; the operator goes by the one that the workers measure."
        ),
    )


def _so(fit: CardFit, work: StepPlan) -> str:
    if not fit.workers:
        return "a worker alone does not fit as a whole: it loads one model after the other, which takes longer"
    if fit.workers < work.pods_min:
        return f"fewer than spec.workers.parallelism.min ({work.pods_min}): out of memory, the run stalls there"
    if fit.workers < work.pods_initial:
        return f"begins with {work.pods_initial}, and is lowered to {fit.workers} as soon as memory is short"
    if fit.workers > work.pods_max:
        return f"spec.workers.parallelism.max and spec.source.videosPerHour allow {work.pods_max}"
    return (
        ""
        if fit.workers == work.pods_initial
        else f"begins with {work.pods_initial}, and may be raised to {fit.workers}"
    )
