"""The report as a page of the documentation."""

from __future__ import annotations

from benchmarks.reaction.report import GOAL_SECONDS, GROUPS, TIMES, Distribution, Report
from benchmarks.reaction.runs import AFTER_GIB, BEFORE_GIB, DEVICE_GIB, TARGET_PERCENT, WORKERS
from benchmarks.reaction.scene import SPACING_SECONDS
from ingestion_operator.controller import DEBOUNCE_SECONDS
from ingestion_operator.desired.pod_template import READINESS_PERIOD_SECONDS

_NAMES = {
    "all": "all runs",
    "waits": "the worker waits: it turns not ready",
    "exits": "the worker ends with exit code 85",
    "to_status": "the decision is in the status",
    "to_patch": "the Job is patched",
    "to_relief": "memory is under the line",
}

_HOW = f"""
## How it is measured

- **The runs** are on the development cluster, all at once, with the operator as it comes, and with stand-ins for the
  workers (`benchmarks/reaction/image`): the same metrics page, readiness and exits, but no work. Of each run,
  {WORKERS} share a device of {DEVICE_GIB:g} GiB that exists in a ledger only, and hold {BEFORE_GIB:g} GiB each. At a
  moment of chance, of which there is one every {SPACING_SECONDS:g} s on average, each comes to need {AFTER_GIB:g} GiB:
  three get that, the fourth runs out, and two fit under {TARGET_PERCENT} %.
- **From** the moment that the operator can see it: the worker's page says that it waits for memory; or, where the
  worker ends, its exit code 85 stands in the pod's status.
- **To** what a watch beside the operator's is shown by the API server: the decision in the run's status, then fewer
  workers in the Job. Memory is under the line ({TARGET_PERCENT} % of the device) when the ledger says so for good.
- **What it takes:** every {READINESS_PERIOD_SECONDS} s a kubelet asks a worker whether it is ready, and one that waits
  is not: half of that passes in the median until the pod turns not ready. That wakes the operator, which lets a burst
  of events pass ({DEBOUNCE_SECONDS:g} s), asks the run's workers, decides, and writes the status and then the Job. The
  interval at which workers are asked anyway is the longest that it can take. An exit is seen without asking.
- **What bounds it** is the processor: once, when a program of a higher priority left little of two cores to all of
  this, the median was 4.5 s and the longest 20 s: the operator had decided after 2 s, and the API server told late.
- **The decisions** are recorded with what they were taken from (`ingestion-operator run --record FOLDER`), and taken
  again afterwards (`ingestion-operator replay FILE`).
"""


def page(report: Report) -> str:
    """Return the page as Markdown."""
    about = "".join(f"- {name}: {value}\n" for name, value in report.about.items())
    return "".join((_head(), about, _load(report), _table(report), _goal(report), _HOW))


def _head() -> str:
    return (
        "# From an OOM to the operator's answer\n\n"
        "Written by `make bench-reaction`; the numbers are in `build/benchmarks/reaction.json`, too.\n\n"
        "![share of the runs in which it had come to this, over the seconds](reaction.svg)\n\n"
    )


def _load(report: Report) -> str:
    load, replay = report.load, report.replay
    return (
        f"- load: {report.runs} runs with {load.worker_pods} worker pods at once; the machine was busy at "
        f"{load.machine_percent:.0f} %, the operator kept one core busy at {load.operator_core_percent:.0f} %\n"
        f"- decisions: {replay.decisions:,} were recorded and taken again, {replay.differing} of them differ\n"
    )


def _table(report: Report) -> str:
    lines = [
        "\n## Seconds from the moment that it can be seen\n\n",
        "| | until | runs | median | 95th percentile | longest |\n|---|---|---|---|---|---|\n",
    ]
    for group, kinds in GROUPS.items():
        for time, seconds in TIMES.items():
            found = report.distribution(seconds, kinds)
            lines.append(f"| {_NAMES[group]} | {_NAMES[time]} | {_cells(found)} |\n")
    return "".join(lines)


def _cells(found: Distribution | None) -> str:
    if found is None:
        return "0 | | | "
    return f"{found.count} | {found.median:.2f} | {found.p95:.2f} | {found.longest:.2f}"


def _goal(report: Report) -> str:
    found = report.distribution(TIMES["to_patch"])
    reached = "yes" if found is not None and found.median <= GOAL_SECONDS and not report.missed else "no"
    taken = f"{found.median:.2f} s" if found is not None else "none was"
    missed = f"; {report.missed} runs were not patched" if report.missed else ""
    return (
        "\n## What was aimed at\n\n| goal | reached |\n|---|---|\n"
        f"| the Job is patched within {GOAL_SECONDS:g} s in the median | {reached}: {taken}{missed} |\n"
    )
