"""The campaign as a page of the documentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from benchmarks.faults.kinds import KINDS
from benchmarks.faults.play import Found

_TEXT = """
Every run is audited in its output, which is the truth, and in what Kubernetes tells:

- Each video of the list has one outcome, and a manifest exactly if it succeeded. No two manifests are of one key, or of
  one video. Each file is what its manifest says.
- Keys, texts and times are those of a run to which nothing happened, and each vector has a cosine of at least 0.999
  with its own.
- The run has ended and is complete; counts, progress and reasons in its status are those of the output.
- Nothing runs any more, nothing belongs to nobody, and when the run is deleted everything that it made is gone.

*Recovery* is the time from the moment at which the fault was mended until the status told of everything that the
output held at that moment, and the next video was there, or all were. It has no value for faults that last to the end
of a run. It includes what Kubernetes waits for: a killed pod is started again after 10 s (Job controller), and an
operator that was refused tries again after 1, 2, 4, ... up to 60 s.

## How it is done

`make faults RUNS=200 SEED=1` brings up a [development cluster](../dev/cluster/README.md), whose control plane is the
real one. Each run has 6 to 20 videos in 3 to 5 shards; chance decides, by the seed, which fault comes, at which moment
(before the list is there, at work, while the output is counted), how long it lasts, and whether memory is short
besides. One run is played again by `python -m benchmarks.faults --runs 200 --seed 1 --only NUMBER`; how fast processes
are is not in the seed.

The operator is the real one, with the rights that the chart gives it; behind a proxy that answers badly when told. The
workers write the real output (list, checkpoints, transcripts, vectors, manifests, outcomes, count) with the worker's
own code, and have its exit codes, metrics and readiness; what lies between source and transcript is played, so that a
run takes seconds: a video's text follows from its id. How the real worker survives being killed is tested in
`tests/worker/loss_free`; with real media and models by `tests/faults/test_real_worker.py`: one run, whose workers are
killed as they download, hear, embed and write vectors, its last step as it counts, and the operator meanwhile.

A short version with a seed of its own is in `tests/faults`.
"""


def page(found: Sequence[Found], about: Mapping[str, str]) -> str:
    """Return the page as Markdown."""
    told = "".join(f"- {name}: {value}\n" for name, value in about.items())
    good = sum(not each.problems for each in found)
    return (
        "# When everything around it fails\n\n"
        f"Written by `make faults`; the numbers are in `build/faults.json`, too.\n\n{told}\n"
        f"After {good} of {len(found)} runs, every video was accounted for exactly once, and the status was true.\n\n"
        f"{_table(found)}{_wrong(found)}{_TEXT}"
    )


def _table(found: Sequence[Found]) -> str:
    head = "| what happens | fault | runs | all accounted for | recovery, median s | longest, s |\n"
    head += "|---|---|---|---|---|---|\n"
    rows = []
    for kind in KINDS:
        some = [each for each in found if each.fault == kind.name]
        if some:
            good = sum(not each.problems for each in some)
            rows.append(f"| {kind.told} | `{kind.name}` | {len(some)} | {good} | {_recovery(some)} |\n")
    return head + "".join(rows)


def _recovery(found: Sequence[Found]) -> str:
    seconds = [each.recovery_seconds for each in found if each.recovery_seconds is not None]
    return f"{median(seconds):.1f} | {max(seconds):.1f}" if seconds else "- | -"


def _wrong(found: Sequence[Found]) -> str:
    lines = [f"- run {each.number}, `{each.fault}`: {'; '.join(each.problems)}\n" for each in found if each.problems]
    return "\nWhat was wrong:\n\n" + "".join(lines) if lines else ""
