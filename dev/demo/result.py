"""The outcome of a demonstration: `build/demo/result.json`, and the table that a person reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from dev.demo.timeline import Change, Observation, parallelism_changes, steady_memory_percent
from dev.demo.verify import Verification


@dataclass(frozen=True)
class Result:
    """Everything that is reported of a run."""

    videos: int
    succeeded: int
    skipped: dict[str, int]
    failed: dict[str, int]
    oom_events: int
    parallelism: list[Change]
    device_gib: float
    peak_percent: float
    steady_percent: float | None
    busy_percent: float
    audio_hours_per_hour: float
    word_error_percent: float | None
    wall_seconds: float
    output: str
    missing: list[str]
    wrong: list[str]

    @property
    def lost_to_memory(self) -> int:
        """Videos of the sample that exist and are not in the output, in a run in which device memory ran out."""
        return len(self.missing) if self.oom_events else 0

    @property
    def complete(self) -> bool:
        """Whether every video of the sample that exists is in the output, as it should be."""
        return not self.missing and not self.wrong

    def to_json(self) -> dict[str, Any]:
        """Return the content of `result.json`."""
        return {
            "videos": self.videos,
            "succeeded": self.succeeded,
            "skipped": self.skipped,
            "failed": self.failed,
            "lost_to_memory": self.lost_to_memory,
            "oom_events": self.oom_events,
            "parallelism": [change.to_json() for change in self.parallelism],
            "device": "simulated",
            "device_gib": self.device_gib,
            "device_memory_peak_percent": round(self.peak_percent, 1),
            "device_memory_steady_percent": _rounded(self.steady_percent),
            "device_busy_percent": round(self.busy_percent, 1),
            "audio_hours_per_hour": round(self.audio_hours_per_hour, 2),
            "word_error_percent": _rounded(self.word_error_percent),
            "wall_seconds": round(self.wall_seconds, 1),
            "output": self.output,
            "missing": self.missing,
            "wrong": self.wrong,
        }


def summarise(observations: Sequence[Observation], verification: Verification, output: str) -> Result:
    """Return the result of a run from what was seen of it, and from what lies in its output."""
    last = observations[-1]
    return Result(
        videos=last.status.videos.total,
        succeeded=verification.succeeded,
        skipped=verification.skipped,
        failed=verification.failed,
        oom_events=last.device.refusals,
        parallelism=parallelism_changes(observations),
        device_gib=last.device.total / 2**30,
        peak_percent=100 * last.device.peak / last.device.total,
        steady_percent=steady_memory_percent(observations),
        busy_percent=100 * last.device.busy_seconds / last.t,
        audio_hours_per_hour=verification.audio_seconds / last.t,
        word_error_percent=verification.word_error_percent,
        wall_seconds=last.t,
        output=output,
        missing=verification.missing,
        wrong=verification.wrong,
    )


def table(result: Result) -> Table:
    """Return the table that a person reads at the end."""
    grid = Table(show_header=False, title="The run", title_justify="left", min_width=60)
    grid.add_column(style="bold")
    grid.add_column()
    grid.add_row("videos", str(result.videos))
    grid.add_row("succeeded", f"{result.succeeded}")
    grid.add_row("skipped", _counted(result.skipped))
    grid.add_row("failed", _counted(result.failed))
    grid.add_row("lost to memory", str(result.lost_to_memory))
    grid.add_row("out-of-memory events", f"{result.oom_events} (simulated GPU)")
    grid.add_row("parallelism", _path(result.parallelism))
    grid.add_row("memory at the peak", f"{result.peak_percent:.1f} % of {result.device_gib:g} GiB (simulated GPU)")
    steady = "-" if result.steady_percent is None else f"{result.steady_percent:.1f} %, target 80 % (simulated GPU)"
    grid.add_row("memory in the steady state", steady)
    grid.add_row("audio-hours per hour", f"{result.audio_hours_per_hour:.1f}, start-up included (simulated GPU)")
    if result.word_error_percent is not None:
        grid.add_row("wrong words", f"{result.word_error_percent:.1f} % (tiny demonstration model)")
    grid.add_row("wall time", f"{result.wall_seconds:.0f} s")
    grid.add_row("output", result.output)
    return grid


def _rounded(percent: float | None) -> float | None:
    return None if percent is None else round(percent, 1)


def _counted(reasons: dict[str, int]) -> str:
    total = sum(reasons.values())
    if not total:
        return "0"
    return f"{total} ({', '.join(f'{reason}: {count}' for reason, count in sorted(reasons.items()))})"


def _path(changes: Sequence[Change]) -> str:
    return " -> ".join(f"{change.value} (at {change.t:.0f} s)" for change in changes)
