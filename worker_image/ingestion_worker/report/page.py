"""Puts a run's records into one page of HTML. Pure, but for the template that is read, and the installed versions."""

from __future__ import annotations

from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined

from ingestion_contract.spec import IngestionRunSpec
from ingestion_worker.report import charts, settings
from ingestion_worker.report.figures import GIB, figures
from ingestion_worker.report.history import History, history
from ingestion_worker.report.outcome import Outcomes, outcomes
from ingestion_worker.report.records import RunRecords
from ingestion_worker.text.durations import short_clock
from ingestion_worker.text.labels import STAGES
from ingestion_worker.text.words import one_line


def page(records: RunRecords, written_at: datetime) -> str:
    """Return the page. Whatever titles hold, they are text in it, which turns no other text around: all is escaped."""
    spec = records.spec
    environment = Environment(
        loader=PackageLoader("ingestion_worker.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(clock=short_clock, line=one_line)
    result, run = outcomes(records), history(records.timelines)
    return environment.get_template("page.html.j2").render(
        name=records.run.name if records.run is not None else records.uid,
        records=records,
        outcome=result,
        headline=_headline(result),
        verdict=_verdict(result, spec),
        figures=_figures(result, run),
        charts=figures(run, spec.memory.target_percent if spec is not None else None) if run is not None else [],
        run=run,
        stages=STAGES,
        models=settings.models(records.tally),
        settings=settings.settings(spec),
        versions=settings.versions(),
        simulated=any(timeline.simulated for timeline in records.timelines),
        written_at=written_at,
        frame=charts,
    )


def _headline(result: Outcomes) -> str:
    counts = result.counts
    if not result.finished:
        return f"Not finished: {counts.succeeded + counts.failed + counts.skipped} of {counts.total} videos are done"
    if counts.total and counts.succeeded == counts.total:
        return f"All {counts.total} videos are there" if counts.total > 1 else "The video is there"
    if counts.total and counts.succeeded == counts.total - counts.skipped:
        return f"All {counts.succeeded} videos that may be read are there"
    return f"{counts.succeeded} of {counts.total} videos are there"


def _verdict(result: Outcomes, spec: IngestionRunSpec | None) -> str:
    """Return `good`, `bad` or `open`, the style of the headline."""
    if not result.finished:
        return "open"
    least = spec.objectives.min_success_percent if spec is not None else 100
    return "good" if result.percent is None or result.percent >= least else "bad"


def _figures(result: Outcomes, run: History | None) -> list[tuple[str, str, str]]:
    """Return the figures at the top: number, what it is, and a word more."""
    counts = result.counts
    audio = counts.audio_seconds / 3600
    found = [(f"{audio:.1f} h" if audio >= 1 else short_clock(counts.audio_seconds), "audio", "in the videos there")]
    if run is None:
        return found
    found.append((short_clock(run.time.seconds), "worked", _attempts(run)))
    heard = sum(run.throughput) * run.bin_seconds
    if heard and run.time.seconds:
        found.append((f"{heard / run.time.seconds:.1f}", "audio-hours per hour", "of speech recognised"))
    found.append((str(run.oom_events), "out of memory", "errors of the device" if run.oom_events else "never"))
    peaks = [(max(filter(None, device.used), default=0) / device.total, device) for device in run.devices]
    if peaks:
        share, device = max(peaks, key=lambda peak: peak[0])
        found.append((f"{100 * share:.0f} %", "memory at most", f"of {device.total / GIB:.0f} GiB"))
    if run.limiting is not None:
        found.append((STAGES[run.limiting], "limiting stage", "others waited for it"))
    return found


def _attempts(run: History) -> str:
    return "one worker" if run.attempts == 1 else f"{run.attempts} starts of workers"
