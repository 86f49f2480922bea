"""What a local run says at its end. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ingestion_contract.summary import FinishSummary
from ingestion_worker.local.tally import Tally
from ingestion_worker.text.durations import clock
from ingestion_worker.text.words import counted, printable


def reached(counts: FinishSummary, min_success_percent: int) -> bool:
    """Return whether enough succeeded of the videos that exist and may be read; true where there are none."""
    return 100 * counts.succeeded >= min_success_percent * (counts.total - counts.skipped)


def outcome(counts: FinishSummary, min_success_percent: int, uri: str, report: str, searchable: bool) -> RenderableType:
    """Return the outcome of a finished run, as a table and where to go from here."""
    good = reached(counts, min_success_percent)
    table = Table.grid(padding=(0, 3))
    table.add_row("succeeded", str(counts.succeeded), f"of {counted(counts.total, 'video')}")
    table.add_row("failed", str(counts.failed), "")
    table.add_row("skipped", str(counts.skipped), "not to be read")
    for reason, number in counts.reasons.items():
        table.add_row(Text(f"  {reason}", "dim"), Text(str(number), "dim"), "")
    table.add_row("audio", clock(counts.audio_seconds), "")
    verdict = Text("Done." if good else f"Done, but fewer than {min_success_percent} % of the videos are there.")
    verdict.stylize("bold green" if good else "bold red")
    rows: list[RenderableType] = [
        verdict,
        table,
        Text(f"Output   {printable(local_path(uri))}"),
        Text(f"Report   {printable(local_path(report)) if report else 'none: see the error above'}"),
    ]
    if searchable:
        rows.append(Text(f'Search   ingest search "words" --output {printable(shlex.quote(uri))}'))
    return Group(*rows)


def unfinished(tally: Tally, total: int, uri: str) -> str:
    """Return what is there of a run that has not come to its end."""
    if not total:
        return "No videos are listed yet."
    there = f"Done: {tally.done} of {counted(total, 'video')} ({tally.succeeded} succeeded), in {local_path(uri)}."
    return f"{there} What is done is not done again."


def to_go_on(command: Sequence[str]) -> str:
    """Return how a run goes on that has not come to its end."""
    return f"To go on:  {shlex.join(command)}"


def local_path(uri: str) -> str:
    """Return where a file is, as a path if it is on this machine."""
    return uri.removeprefix("file://")
