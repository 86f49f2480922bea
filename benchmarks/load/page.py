"""The report as a page of the documentation."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from benchmarks.load.contestant import SCRAPE_INTERVAL_SECONDS
from benchmarks.load.outcome import Outcome, Stretch
from benchmarks.load.population import FINISHED_PER_ACTIVE, TARGET_PERCENT, WORKERS
from benchmarks.load.report import FULL_RUNS, Report
from benchmarks.load.scene import METRICS_INTERVAL_SECONDS, PROBES
from benchmarks.load.worker import AFTER_BYTES, AUDIO_PER_SECOND, BEFORE_BYTES, DEVICE_BYTES, GIB, VIDEO_SECONDS
from ingestion_operator.observe.next_look import FULL_LOOK_SECONDS
from ingestion_operator.settings import LISTED_AT_ONCE

_HOW = f"""
## Why nothing is asked

The operator takes what its watches tell for true as long as it is borne out: a worker that answers is there and has
what it needs, and a pod that no node has needs nothing. It reads what a run has only when it sees it for the first
time, when a watch had to begin anew, when a write was refused, or when something was not as it should be and
{FULL_LOOK_SECONDS / 60:g} minutes have passed since it last did: a worker does not answer, a pod that has a node does
not start, a Job is not there or has no pods. Before this was measured, it read every run again every two minutes: six
or seven requests each, 5.4 a second with 100 runs. One request is left that no change brings about: every ten minutes
it lists the names of runs, since no watch tells of those that were deleted while it was cut off.

## What is held in memory

Python with its libraries takes about 80 MB before the first run is there. As plain data in Python, an object of the
API server takes 20 to 40 KB, so none is kept like that. Of a pod or a Job, there is what decisions are taken from:
mostly less than a kilobyte. A run, which is written back with each status, is kept as compressed JSON, one to two
kilobytes, without what field managers and `kubectl apply` keep in its metadata; with its metrics and a note of kopf
that it is there, that is all that is left of a run that has ended. An active one has its spec and status in readable
form besides, and what its workers said last. What is large for a moment stays taken, too, since memory in small
pieces is seldom given back: at the start {LISTED_AT_ONCE} objects are listed at a time, and each is let go as soon as
it has been read.

## How it is measured

- **The API server** is real, with etcd and the Job controller; so is the operator: one process, with the rights that
  its chart gives, and the chart's settings but for workers that are read every {SCRAPE_INTERVAL_SECONDS} s. Its own
  metrics are read every {METRICS_INTERVAL_SECONDS:g} s, as by a Prometheus. All requests are those in the API server's
  audit log, and watches are not counted.
- **The runs**: one active run in four has {WORKERS} workers at work, which share a device; the pods of the others
  wait, since no node has a GPU for them. Beside each active run there are {FINISHED_PER_ACTIVE} that have ended. A run
  of each kind is brought there by the operator; the others are copies of it, with Jobs, pods and ConfigMaps, written
  into etcd.
- **The workers are simulated**: no pod runs anything. A program stands in for all nodes: it writes the status of each
  pod as a kubelet would, and answers at the address of each with a metrics page that the worker's own code makes.
- **Nothing changes**: workers hear {AUDIO_PER_SECOND} s of audio in each second and end no video. **At work**: each
  ends a video every {VIDEO_SECONDS:g} s, so that the status of a run changes now and then.
- **Answering a new run**: {PROBES} runs are applied one after another; from the API server's answer to when the
  operator asks for the run's first Job. **Start**: all objects are there, and a run was applied while no operator was;
  from the start of the process, Python's imports included, to when that run's Job is asked for.
- **From an OOM to the patch** is measured as in [the reaction benchmark](reaction.md), at this load: the workers of a
  run hold {BEFORE_BYTES / GIB:g} GiB each of {DEVICE_BYTES / GIB:g}, then need {AFTER_BYTES / GIB:g}, of which one fits
  under {TARGET_PERCENT} %. Half of the workers that are short turn not ready, the other half end with exit code 85.
- **The minimal operator** (`benchmarks/load/minimal.py`) is what a first kopf operator looks like: it creates a Job for
  each run and leaves all else to Kubernetes. It reads no worker, and answers no OOM.
- **The long list** is a folder of so many files, listed by the worker's first step, which has a process of its own for
  that, and counted and reported by its last one when all of them have an outcome, all but some two manifests, and each
  shard a timeline. No index is made. Of each video the last step keeps its line of the list and a few numbers, and
  nothing of its records, which are read some at a time.
- **What else the machine does** counts: it stands beside each figure how busy it was. The control plane and the
  simulated nodes share its cores with the operator.
"""


def page(report: Report) -> str:
    """Return the page as Markdown."""
    about = "".join(f"- {name}: {value}\n" for name, value in report.about.items())
    return "".join((_head(), about, _load(report), _goals(report), _table(report), _large(report), _HOW))


def _head() -> str:
    return (
        "# Many runs at once\n\n"
        "Written by `make bench-operator`; the numbers are in `build/benchmarks/operator.json`, too.\n\n"
    )


def _load(report: Report) -> str:
    ours = report.ours
    fewer = (
        f"- fewer than the {FULL_RUNS:,} active runs that the goals are for: what is reached here may be missed there\n"
        if ours.runs < FULL_RUNS
        else ""
    )
    return fewer + (
        f"- load: {ours.runs:,} active runs and {ours.finished:,} that have ended on one operator, with "
        f"{ours.steady.worker_pods} worker pods, each read every {SCRAPE_INTERVAL_SECONDS} s\n"
        f"- while it was measured: a load average of {ours.steady.load_average:.1f}, the machine busy at "
        f"{ours.steady.machine_percent:.0f} %; {report.minimal.steady.load_average:.1f} and "
        f"{report.minimal.steady.machine_percent:.0f} % with the minimal operator\n"
    )


def _goals(report: Report) -> str:
    rows = "".join(f"| {goal.words} | {'yes' if goal.reached else '**no**'} |\n" for goal in report.goals())
    return f"\n## What was aimed at\n\n| goal, and what was measured | reached |\n|---|---|\n{rows}"


def _table(report: Report) -> str:
    outcomes = (report.smaller, report.ours, report.minimal)
    head = "".join(f" {each.contestant}, {each.runs:,} runs |" for each in outcomes)
    rows: dict[str, Callable[[Outcome], str]] = {
        "CPU while nothing changes, cores": lambda each: f"{each.steady.cores:.3f}",
        "CPU at work, cores": lambda each: "-" if each.busy is None else f"{each.busy.cores:.3f}",
        "resident memory, MB": lambda each: f"{_most_resident(each) / 1e6:.0f}",
        "requests a second while nothing changes": lambda each: _requests(each.steady),
        "requests a second at work": lambda each: "-" if each.busy is None else _requests(each.busy),
        "until a new run is answered, median s": lambda each: f"{median(each.reconcile_seconds):.2f}",
        "until a new run is answered, longest s": lambda each: f"{max(each.reconcile_seconds):.2f}",
        "from an OOM to the patched Job, median s": lambda each: _seconds(each.to_patch),
        "from an OOM to the patched Job, longest s": lambda each: _seconds(max(each.patch_seconds, default=None)),
        "from its start to a run served, s": lambda each: f"{each.start_seconds:.1f}",
        "until its own metrics page is there, longest s": lambda each: _seconds(each.steady.page_seconds or None),
        "how busy the machine was, %": lambda each: f"{each.steady.machine_percent:.0f}",
    }
    body = "".join(f"| {name} | {' | '.join(cell(each) for each in outcomes)} |\n" for name, cell in rows.items())
    return (
        f"\n## Cost and delay\n\n| |{head}\n|---|---|---|---|\n{body}\n"
        f"Another active run, with {FINISHED_PER_ACTIVE} that have ended, takes {report.bytes_per_run / 1e3:.0f} KB.\n"
    )


def _large(report: Report) -> str:
    large, listed = report.ours.large, report.long_list
    assert large is not None
    rows = {
        "videos": f"{listed.discover.videos:,}",
        "shards, completions of its Job": f"{large.shards:,}",
        "status of the run, KB": f"{large.status_bytes / 1e3:.1f}",
        "by which the operator's memory grew, MB": f"{large.operator_bytes / 1e6:.1f}",
        "memory of the worker's first step, MB": f"{listed.discover.resident_bytes / 1e6:.0f}",
        "the same with one video, MB": f"{listed.short.resident_bytes / 1e6:.0f}",
        "memory of the worker's last step, MB": f"{listed.finish.resident_bytes / 1e6:.0f}",
        "time of the first step, s": f"{listed.discover.seconds:.0f}",
        "time of the last step, s": f"{listed.finish.seconds:.0f}",
        "longest termination message, bytes": str(max(listed.discover.summary_bytes, listed.finish.summary_bytes)),
    }
    body = "".join(f"| {name} | {cell} |\n" for name, cell in rows.items())
    return f"\n## One run of {listed.discover.videos:,} videos\n\n| | |\n|---|---|\n{body}"


def _most_resident(outcome: Outcome) -> int:
    return max(each.resident_bytes for each in (outcome.steady, outcome.busy) if each is not None)


def _requests(stretch: Stretch) -> str:
    if not stretch.requests:
        return "0"
    kinds = ", ".join(f"`{kind}` {number / stretch.seconds:.2f}" for kind, number in stretch.requests.items())
    return f"{stretch.requests_total / stretch.seconds:.2f}: {kinds}"


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2f}"
