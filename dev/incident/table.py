"""The three arms side by side: for the terminal, and for a page. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.table import Table

from dev.demo.result import Result
from dev.incident.arms import Arm

Results = Mapping[Arm, Result]


def for_terminal(results: Results) -> Table:
    """Return the table that a person reads at the end."""
    grid = Table(title="The incident, by who ingests (simulated GPU)", title_justify="left")
    grid.add_column(style="bold")
    for arm in results:
        grid.add_column(arm.value, justify="right")
    for label, cells in _rows(results):
        grid.add_row(label, *cells)
    return grid


def for_page(results: Results) -> str:
    """Return the table as Markdown."""
    head = f"| | {' | '.join(results)} |\n|---|{'---:|' * len(results)}\n"
    return head + "".join(f"| {label} | {' | '.join(cells)} |\n" for label, cells in _rows(results))


def _rows(results: Results) -> Iterator[tuple[str, list[str]]]:
    ran = list(results.values())
    yield "videos", [str(one.videos) for one in ran]
    yield "ingested", [str(one.succeeded) for one in ran]
    yield "do not exist: skipped", [str(sum(one.skipped.values())) for one in ran]
    yield "failed", [str(sum(one.failed.values())) for one in ran]
    yield "of them lost to memory", [str(one.lost_to_memory) for one in ran]
    yield "out of memory", [_times(one.oom_events) for one in ran]
    yield "workers", [" -> ".join(str(change.value) for change in one.parallelism) for one in ran]
    yield "device memory, at the most", [f"{one.peak_percent:.1f} %" for one in ran]
    yield "device memory, steady state", [_percent(one.steady_percent) for one in ran]
    yield "device busy", [_busy(one) for one in ran]
    yield "ingested audio-hours per hour", [f"{one.audio_hours_per_hour:.1f}" for one in ran]
    yield "wrong words (tiny model)", [_percent(one.word_error_percent) for one in ran]
    yield "wall time", [f"{one.wall_seconds:.0f} s" for one in ran]


def _busy(result: Result) -> str:
    seconds = result.busy_percent * result.wall_seconds / 100
    return f"{seconds:.0f} s ({result.busy_percent:.0f} %)"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} %"
