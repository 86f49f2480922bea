"""Reports as a person reads them on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ingestion_contract.status import Adaptation
from kubectl_ingest.report import ENDED, RunReport, RunState
from kubectl_ingest.words import ago, counts, duration, gib, number, printable

ADAPTATIONS_SHOWN = 5
_BAR_WIDTH = 40
_UUID_SHOWN = 12
_BUDGETS_SHOWN = 4
_STYLES = {
    RunState.NEW: "dim",
    RunState.RUNNING: "cyan",
    RunState.PAUSED: "yellow",
    RunState.SUSPENDED: "yellow",
    RunState.STALLED: "bold red",
    RunState.SUCCEEDED: "bold green",
    RunState.FAILED: "bold red",
}


def run_view(report: RunReport, now: datetime) -> RenderableType:
    """Return everything that is told of one run."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("Run", _title(report))
    for label, lines in (
        ("Progress", _progress(report)),
        ("Time", _time(report)),
        ("Workers", _workers(report, now)),
        ("Memory", _memory(report, now)),
        ("Conditions", _conditions(report, now)),
        ("Adaptations", _adaptations(report.adaptations, now)),
    ):
        for position, line in enumerate(lines):
            grid.add_row("" if position else label, line)
    return grid


def runs_view(reports: Sequence[RunReport], *, with_namespace: bool) -> RenderableType:
    """Return a table of runs, a line each."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="")
    headers = ("NAME", "STATE", "PROGRESS", "SUCCESS", "WORKERS", "MEMORY", "OOMS", "TIME", "LEFT", "REASON")
    for header in (("NAMESPACE",) if with_namespace else ()) + headers:
        table.add_column(header, no_wrap=True)
    for report in reports:
        table.add_row(*((report.namespace,) if with_namespace else ()), *_cells(report))
    return table


def _cells(report: RunReport) -> Iterable[RenderableType]:
    memory = report.memory
    yield report.name
    yield Text(report.state, style=_STYLES[report.state])
    yield f"{report.done}/{report.videos.total}" if report.videos.total else "-"
    yield _percent(report.videos.success_percent)
    yield str(report.workers.wanted) if report.workers is not None and report.state not in ENDED else "-"
    yield _percent(memory.used_percent)
    yield str(memory.oom_total)
    yield duration(report.elapsed_seconds) if report.elapsed_seconds is not None else "-"
    yield duration(report.seconds_left) if report.seconds_left is not None else "-"
    yield printable(report.reason) or "-"


def _percent(value: int | None) -> str:
    return f"{value} %" if value is not None else "-"


def _title(report: RunReport) -> RenderableType:
    told = ": ".join(filter(None, (printable(report.reason), printable(report.message))))
    return Group(
        Text.assemble(f"{report.namespace}/{report.name}  ", (report.state, _STYLES[report.state])),
        Text(told),
    )


def _progress(report: RunReport) -> Iterable[RenderableType]:
    videos = report.videos
    if not videos.total:
        yield Text("the videos are not listed yet")
        return
    bar = Table.grid(padding=(0, 1))
    bar.add_row(
        ProgressBar(total=videos.total, completed=report.done, width=_BAR_WIDTH),
        Text(f"{report.percent} %  {report.done} of {videos.total} videos"),
    )
    yield bar
    reasons = f" ({printable(counts(videos.reasons))})" if videos.reasons else ""
    yield Text(f"{videos.succeeded} succeeded, {videos.failed} failed, {videos.skipped} skipped{reasons}")


def _time(report: RunReport) -> Iterable[RenderableType]:
    if report.elapsed_seconds is None:
        return
    parts = [f"{'took' if report.state in ENDED else 'for'} {duration(report.elapsed_seconds)}"]
    if report.seconds_left is not None:
        parts.append(f"about {duration(report.seconds_left)} left at the average rate so far")
    if report.videos_per_hour is not None:
        parts.append(f"{report.videos_per_hour} videos an hour")
    if report.audio_hours_per_hour is not None:
        parts.append(f"{printable(report.audio_hours_per_hour)} audio-hours an hour")
    yield Text("; ".join(parts))


def _workers(report: RunReport, now: datetime) -> Iterable[RenderableType]:
    workers = report.workers
    if workers is None:
        return
    wanted = "at the end" if report.state in ENDED else "wanted"
    reason = f": {printable(workers.reason)}" if workers.reason else ""
    yield Text(f"{workers.wanted} {wanted}, between {workers.min} and {workers.max}{reason}")
    if report.state in ENDED:
        return
    expires = workers.ceiling_expires_at
    if workers.ceiling is not None and expires is not None and expires > now:
        left = duration((expires - now).total_seconds())
        yield Text(f"no more than {workers.ceiling} for another {left}, since memory ran out above that")


def _memory(report: RunReport, now: datetime) -> Iterable[RenderableType]:
    memory = report.memory
    device = f" of {gib(memory.device_bytes)}" if memory.device_bytes is not None else ""
    at_end = " when last seen" if report.state in ENDED else ""
    used = "no device measured yet"
    if memory.used_percent is not None:
        used = f"{memory.used_percent} %{device} used on the fullest device{at_end}"
    yield Text(f"{used}; target {memory.target_percent} %")
    floor = f"floor {gib(memory.floor_bytes)} a worker" if memory.floor_bytes else "floor not measured yet"
    budget = f"budget {gib(memory.budget_bytes)} a worker" if memory.budget_bytes is not None else "no budget set"
    fit = memory.workers_that_fit
    told = f": {number(fit, 'floor fits', 'floors fit')} under the target" if fit is not None else ""
    yield Text(f"{floor}, {budget}{told}")
    if memory.device_budgets:
        yield Text(f"other budgets: {_other_budgets(memory.device_budgets)}")
    last = f", last {ago(memory.last_oom_at, now)}" if memory.last_oom_at is not None else ""
    yield Text(f"out of memory {number(memory.oom_total, 'time')}{last}" if memory.oom_total else "never out of memory")


def _other_budgets(budgets: Mapping[str, int]) -> str:
    """Return the budgets that differ, the smallest first, and how many more there are."""
    smallest = sorted(budgets.items(), key=lambda item: (item[1], item[0]))
    told = ", ".join(f"{gib(budget)} on {printable(uuid)[:_UUID_SHOWN]}" for uuid, budget in smallest[:_BUDGETS_SHOWN])
    more = len(smallest) - _BUDGETS_SHOWN
    return f"{told}, and others on {number(more, 'more device')}" if more > 0 else told


def _conditions(report: RunReport, now: datetime) -> Iterable[RenderableType]:
    for condition in report.conditions:
        message = f": {printable(condition.message)}" if condition.message else ""
        yield Text(f"{condition.words}, for {duration((now - condition.since).total_seconds())}{message}")


def _adaptations(adaptations: Sequence[Adaptation], now: datetime) -> Iterable[RenderableType]:
    shown = adaptations[-ADAPTATIONS_SHOWN:]
    for adaptation in reversed(shown):
        told = Text(f"{ago(adaptation.time, now)}: ")
        told.append(f"{printable(adaptation.lever)} {adaptation.from_} -> {adaptation.to}", style="bold")
        told.append(f"  {printable(adaptation.reason)}: {printable(adaptation.message)}")
        yield told
    if len(adaptations) > len(shown):
        yield Text(f"and {len(adaptations) - len(shown)} before (all of them: -o json)")
