"""The charts of a run's history. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ingestion_worker.report import charts
from ingestion_worker.report.charts import Axes, Chart, Mark
from ingestion_worker.report.history import DeviceHistory, History
from ingestion_worker.text.durations import short_clock
from ingestion_worker.text.labels import STATES

GIB = 2**30
MOST_DEVICES = 4
TALL, FLAT = 230.0, 150.0


def figures(run: History, target_percent: int | None) -> list[Chart]:
    """Return the charts, one below the other on one axis of time.

    Args:
        run: what is shown.
        target_percent: of device memory, None where it is not known.
    """
    found = [_memory(run, device, target_percent) for device in run.devices[:MOST_DEVICES]]
    found += [_batch(run)] if any(run.batch) else []
    found += [_throughput(run)] if any(run.throughput) else []
    found += _utilisation(run)
    found.append(_workers(run))
    pauses = _pauses(run)
    return [chart.with_marks(pauses) for chart in found]


def _memory(run: History, device: DeviceHistory, target_percent: int | None) -> Chart:
    top = device.total / GIB
    axes = Axes(run.time.seconds, top, TALL)
    own, used = _in_gib(device.own), _in_gib(device.used)
    peak = max((value for value in used if value is not None), default=0.0)
    simulated = "simulated, " if device.simulated else ""
    level = None
    if target_percent is not None:
        level = Mark("target", axes.y(top * target_percent / 100), f"target {target_percent} %")
    return Chart(
        title=f"Memory of {device.name}",
        note=f"{simulated}{top:.1f} GiB; at most {peak:.1f} GiB in use, {100 * peak / top:.0f} %",
        height=TALL,
        x_ticks=charts.x_ticks(axes),
        y_ticks=charts.y_ticks(axes, " GiB"),
        paths=[
            charts.area(axes, own, run.bin_seconds, "own", "this run's workers"),
            charts.line(axes, used, run.bin_seconds, "used", "all of the device"),
        ],
        marks=_oom_marks(run, axes),
        level=level,
    )


def _batch(run: History) -> Chart:
    top = charts.round_top(max(value for value in [*run.batch, *run.ceiling] if value is not None), least_step=1)
    axes = Axes(run.time.seconds, top, FLAT)
    return Chart(
        title="Batch",
        note="windows of audio in one batch; the largest of all workers",
        height=FLAT,
        x_ticks=charts.x_ticks(axes),
        y_ticks=charts.y_ticks(axes, least_step=1),
        paths=[
            charts.line(axes, run.ceiling, run.bin_seconds, "ceiling", "allowed"),
            charts.area(axes, run.batch, run.bin_seconds, "batch", "taken"),
        ],
        marks=_oom_marks(run, axes),
    )


def _throughput(run: History) -> Chart:
    reach = max(2, round(15 / run.bin_seconds))
    values = charts.smooth(run.throughput, reach)
    axes = Axes(run.time.seconds, charts.round_top(max(values)), FLAT)
    return Chart(
        title="Speech recognised",
        note="hours of audio per hour, all workers together; captions that were taken as they are do not count",
        height=FLAT,
        x_ticks=charts.x_ticks(axes),
        y_ticks=charts.y_ticks(axes, " h/h"),
        paths=[charts.area(axes, values, run.bin_seconds, "throughput", "audio-hours per hour")],
    )


def _utilisation(run: History) -> list[Chart]:
    measured = [device for device in run.devices[:1] if any(device.utilisation)]
    axes = Axes(run.time.seconds, 100, FLAT)
    return [
        Chart(
            title=f"Utilisation of {device.name}",
            note=("simulated, " if device.simulated else "") + "share of time in which the device was busy",
            height=FLAT,
            x_ticks=charts.x_ticks(axes),
            y_ticks=charts.y_ticks(axes, " %"),
            paths=[charts.area(axes, device.utilisation, run.bin_seconds, "utilisation", "busy")],
        )
        for device in measured
    ]


def _workers(run: History) -> Chart:
    most = max(sum(column) for column in zip(*run.states.values(), strict=True))
    axes = Axes(run.time.seconds, charts.round_top(most, least_step=1), FLAT)
    layers = {
        state.value.replace("_", "-"): (label, run.states[state])
        for state, label in STATES.items()
        if state in run.states
    }
    return Chart(
        title="Workers",
        note="by what they did",
        height=FLAT,
        x_ticks=charts.x_ticks(axes),
        y_ticks=charts.y_ticks(axes, least_step=1),
        paths=charts.stacked(axes, layers, run.bin_seconds),
    )


def _oom_marks(run: History, axes: Axes) -> list[Mark]:
    return [
        Mark("oom", axes.x(at), f"out of memory{f', {count} times' if count > 1 else ''}, at {short_clock(at)}")
        for at, count in run.oom.items()
    ]


def _pauses(run: History) -> list[Mark]:
    axes = Axes(run.time.seconds, 1, FLAT)
    return [
        Mark("pause", axes.x(pause.at), f"nobody worked for {short_clock(pause.lasted.total_seconds())}")
        for pause in run.time.pauses
    ]


def _in_gib(values: Sequence[int | None]) -> list[float | None]:
    return [None if value is None else value / GIB for value in values]
