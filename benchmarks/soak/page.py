"""The soak as a page of the documentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.soak.courses import WORKERS, Course
from benchmarks.soak.judge import QUANTITIES, Verdict, after_warm_up
from benchmarks.soak.sample import EVENTS
from benchmarks.soak.soak import REST_SECONDS, SAMPLE_SECONDS, Soaked

_COURSES = {
    Course.PLAIN: "comes to its end",
    Course.SHORT: "its workers run out of memory: two of four fit",
    Course.EXITS: "a worker ends for want of memory (exit code 85)",
    Course.SUSPENDED: "is suspended at work, and resumed",
    Course.REMOVED: "is deleted at work",
    Course.FAILS: "fails: its source is gone",
}

_TEXT = f"""
## How it is done

`make soak MINUTES=20` brings up a [development cluster](../dev/cluster/README.md) with the real control plane, and
installs the operator with its chart, in a pod of its own. Then runs come and go in rounds: one of each kind at once,
with {WORKERS} workers each, every one deleted in the end. Workers are the stand-ins of the operator's own tests
(`tests/operator/cluster/stand_in.py`): the same metrics page, readiness, exits and summaries, but no work; the real
worker would be loading its models most of the time. Their device of 24 GiB is simulated, and all runs share it, so that
the operator takes workers from runs whose own workers fit, too.

A sample is taken every {SAMPLE_SECONDS:g} s: of the operator's process from outside, of its metrics page, and of the
objects in etcd itself, so that kinds that nobody thought of count, too. One more is taken after each round, when
nothing is left of its runs and {REST_SECONDS:g} s have passed. Those are the dots in the picture, and what is judged:

- The first third of them is warm-up.
- *Growth* is Theil and Sen's slope over the number of runs that have come and gone: the median of the slopes between
  any two of those moments. A single burst moves it little; an object left behind by every tenth run is a slope of ten.
- What is measured of the process has noise, since Python takes and gives back memory by the MiB: a soak of fewer than
  {QUANTITIES[0].least_runs} runs after the warm-up says nothing of its memory, files and threads; nor of its
  series, since one of a counter begins when something is counted for the first time.

Events are not judged: the API server removes each an hour after it was posted, so they grow for an hour in any
cluster. Tasks of the operator's event loop are not counted; each that is left over holds memory. In the first half
minute, Jobs may outlive their runs: Kubernetes' garbage collector has not heard of the new kind yet.

The command ends with 1 if something grows, or if a run did not do what it was to do. A short version of it, and made
samples in which each of these things leaks, are in `tests/benchmarks/soak`.
"""


def page(soaked: Soaked, verdicts: Sequence[Verdict], about: Mapping[str, str]) -> str:
    """Return the page as Markdown."""
    told = "".join(f"- {name}: {value}\n" for name, value in {**about, **_length(soaked)}.items())
    growing = [verdict.quantity for verdict in verdicts if verdict.grows]
    return (
        "# When runs come and go for long\n\n"
        "Written by `make soak DOCS=1`; the numbers are in `build/soak.json`, too.\n\n"
        "![Memory, runs, file descriptors, threads, series and objects over the minutes](soak.svg)\n\n"
        f"{told}\n{_conclusion(growing, soaked)}\n\n{_verdicts(verdicts)}\n{_courses(soaked)}{_problems(soaked)}{_TEXT}"
    )


def _length(soaked: Soaked) -> dict[str, str]:
    first, last = after_warm_up(soaked.samples)[0], soaked.samples[-1]
    return {
        "how long": f"{last.seconds / 60:.1f} minutes, {last.runs} runs; {first.runs} of them are warm-up",
        "events": f"{last.objects[EVENTS]} were there at the end",
    }


def _conclusion(growing: Sequence[str], soaked: Soaked) -> str:
    grown = f"What grows with the runs: {', '.join(growing)}." if growing else "Nothing grows with the runs."
    as_it_was = len(soaked.runs) - len(soaked.problems)
    return f"{grown} {as_it_was} of {len(soaked.runs)} runs did what they were to do."


def _verdicts(verdicts: Sequence[Verdict]) -> str:
    told = {quantity.name: quantity.told for quantity in QUANTITIES}
    rows = [
        f"| {told[each.quantity]} | {each.first:.4g} | {each.last:.4g} | {_growth(each)} | {each.tolerated:g} |\n"
        for each in verdicts
    ]
    head = "| at rest | median, first half | median, second half | growth over 100 runs | tolerated |\n"
    return head + "|---|---|---|---|---|\n" + "".join(rows)


def _growth(verdict: Verdict) -> str:
    return "-" if verdict.per_hundred_runs is None else f"{verdict.per_hundred_runs:.2f}"


def _courses(soaked: Soaked) -> str:
    rows = []
    for course, told in _COURSES.items():
        some = [run for run in soaked.runs if run.course is course]
        lowered = sum(run.lowered for run in some)
        rows.append(f"| {told} | {len(some)} | {lowered} |\n")
    return "| a run | times | workers taken away |\n|---|---|---|\n" + "".join(rows)


def _problems(soaked: Soaked) -> str:
    lines = "".join(f"- {problem}\n" for problem in soaked.problems)
    return f"\nWhat was otherwise:\n\n{lines}" if lines else ""
