"""The panel that a terminal shows of a run. Pure."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ingestion_contract.metrics import WorkerState
from ingestion_worker.local import words
from ingestion_worker.local.progress import Progress
from ingestion_worker.text.durations import clock
from ingestion_worker.text.labels import STAGES
from ingestion_worker.text.words import counted, escaped

BAR = 30

_COLOURS = {
    WorkerState.WORKING: "green",
    WorkerState.WAITING_FOR_SOURCE: "blue",
    WorkerState.WAITING_FOR_MEMORY: "yellow",
}


def panel(now: Progress) -> RenderableType:
    """Return the panel: videos, workers, memory with its target, batch, stages."""
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim")
    rows.add_column()
    rows.add_row("videos", _videos(now))
    rows.add_row("", _outcomes(now))
    rows.add_row("workers", _workers(now))
    if now.total_bytes:
        rows.add_row("memory", _memory(now))
    rows.add_row("batch", _batch(now))
    rows.add_row("stages", _stages(now))
    title = Text.assemble((escaped(now.name), "bold"), (f"  on {escaped(now.device)}", "dim"))
    if now.simulated:
        title.append("  simulated", "yellow")
    return Group(Text(""), title, rows)


def _videos(now: Progress) -> Text:
    share = now.tally.done / now.total if now.total else 1.0
    to_go = f"   {clock(now.remaining)} to go" if now.remaining is not None else ""
    so_far = f"   {clock(now.elapsed)} so far"
    return Text.assemble(_bar(share, "green"), f"  {now.tally.done} of {now.total}", (to_go, "bold"), (so_far, "dim"))


def _outcomes(now: Progress) -> Text:
    tally = now.tally
    return Text.assemble(
        (f"{tally.succeeded} succeeded", "green"),
        (f"   {tally.failed} failed", "red" if tally.failed else "dim"),
        (f"   {tally.skipped} skipped", "" if tally.skipped else "dim"),
        f"   {now.audio_rate:.1f} audio-hours/hour",
    )


def _workers(now: Progress) -> Text:
    parts = [
        (f"{number} {words.state_name(state)}   ", _COLOURS.get(state, "dim") if state is not None else "dim")
        for state, number in now.states.items()
    ]
    return Text.assemble(*parts) if parts else Text("none", "dim")


def _memory(now: Progress) -> Text:
    share = now.used / now.total_bytes
    bar = _bar(share, "cyan" if 100 * share <= now.target_percent else "yellow")
    target = min(BAR - 1, BAR * now.target_percent // 100)
    bar = Text.assemble(bar[:target], ("│", "bold"), bar[target + 1 :])
    used = f"  {now.used / words.GIB:.1f} of {now.total_bytes / words.GIB:.1f} GiB, {100 * share:.0f} %"
    return Text.assemble(bar, used, (f"   target {now.target_percent} %", "dim"))


def _batch(now: Progress) -> Text:
    busy = f"   device busy {100 * now.utilisation:.0f} %" if now.utilisation is not None else ""
    oom = (f"   out of memory {counted(now.oom_events, 'time')}", "red") if now.oom_events else ""
    return Text.assemble(f"{now.batch} windows", (f" of at most {now.ceiling}", "dim"), busy, oom)


def _stages(now: Progress) -> Text:
    parts: list[tuple[str, str]] = []
    for stage, name in STAGES.items():
        limits = stage is now.limiting
        waiting = now.waiting.get(stage, 0)
        parts.append((name, "bold yellow" if limits else ""))
        parts.append((f"{' limits' if limits else ''}{f' {waiting} waiting' if waiting else ''}   ", "dim"))
    return Text.assemble(*parts)


def _bar(share: float, colour: str) -> Text:
    full = round(BAR * min(1.0, max(0.0, share)))
    return Text.assemble(("━" * full, colour), ("─" * (BAR - full), "dim"))
