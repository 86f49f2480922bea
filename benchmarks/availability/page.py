"""The measurement as a page of the documentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from benchmarks.availability.outage import Cause, Outage, seconds_to_patch
from benchmarks.availability.scene import SHORT_AFTER_SECONDS
from benchmarks.reaction.runs import WORKERS

_NAMES = {
    Cause.NONE: "nothing happens to it",
    Cause.CRASH: "its process is killed (SIGKILL)",
    Cause.POD: "its pod is removed at once",
}

_TEXT = f"""
How it is measured: on the development cluster, with the operator as the chart installs it, and with the stand-ins for
the workers of [the reaction benchmark](reaction.md), {WORKERS} a run. {SHORT_AFTER_SECONDS:g} s after the operator is
killed, the memory of a run's workers runs out. The seconds are those from the kill until a watch shows fewer workers
in the run's Job; in the first row, from the moment at which memory runs out. A killed process is started again by the
kubelet in the same pod; a removed pod is replaced by the Deployment. In both, starting Python and reading the cluster
is most of the time. The first time, a kubelet starts a container again at once; one that ends again and again waits
10 s, 20 s, and so on up to 5 min.

## What happens meanwhile

Nothing bad. Workers need no operator: they go on with their shards, within the limits that they were given last, and
commit what is finished. One that runs out of memory halves its batch, and one that has no room at all gives its
memory back, turns not ready and waits. The Job controller starts the next shards and counts failures as always. What
waits for the operator is a change of parallelism or limits, the next step of a run, and the numbers in `status`.

Everything that the operator must remember is in the run's status, so the next one goes on where the last one was: it
takes no decision twice, and an event that was not posted is posted then. A change that stands in the status but not
yet in the Job is made at its first look.

## Why one replica, and `Recreate`

A second replica would have to stand by until the first one is known to be gone, which takes a lease that has run out,
15 s with the usual settings; the kubelet has started the first one again by then. What it costs is permissions for
leases, twice the memory, and a way to be wrong: the replica that believes to lead. With `Recreate`, an upgrade takes
as long as a removed pod in the table, and the old version has ended when the new one begins.

Kubernetes does not promise that there are never two, though: a pod that is deleted by hand has 30 s to end, and the
next one starts at once; and somebody may install a second release. So two at once must do no harm:

- A decision is written to the run's status first, with the `resourceVersion` of the run that it was taken from. The
  API server refuses the write if another has written since; then the run is read again and looked at anew.
- Nothing is moved after a status that is not the latest: before a Job or the limits are changed, the status is
  written, even unchanged.
- What a run makes has names that follow from the run's, so that making it twice makes it once; that includes events.

`tests/operator/cluster/test_two_operators.py` has two of them serve the same runs on a real API server: every
adaptation is there once, and the Job's parallelism never goes back.

## When the node is lost

This is not in the table. Kubernetes takes a node for lost after 50 s without a sign of it, and moves its pods after
another 300 s, the tolerance that it gives to every pod. To have the operator back sooner, set in the chart's values:

```yaml
tolerations:
  - {{key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 30}}
  - {{key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 30}}
```

A drained node evicts the operator, which moves to another node and is away as long as in the last row. Whether it may
be evicted, and whom it may push aside, say `podDisruptionBudget` and `priorityClassName` in
[the chart](../charts/ingestion-operator/README.md).
"""


def page(outages: Sequence[Outage], about: Mapping[str, str]) -> str:
    """Return the page as Markdown."""
    told = "".join(f"- {name}: {value}\n" for name, value in about.items())
    return (
        "# When the operator is away\n\n"
        "Written by `python -m benchmarks.availability`; the numbers are in `build/benchmarks/availability.json`, "
        "too.\n\n"
        f"{told}\n{_table(outages)}{_TEXT}"
    )


def _table(outages: Sequence[Outage]) -> str:
    head = "| the operator | times | median, s | longest, s | workers that ended meanwhile |\n|---|---|---|---|---|\n"
    return head + "".join(_row(outages, cause) for cause in Cause)


def _row(outages: Sequence[Outage], cause: Cause) -> str:
    seconds = seconds_to_patch(outages, cause)
    ended = sum(each.workers_ended for each in outages if each.cause is cause)
    figures = f"{median(seconds):.1f} | {max(seconds):.1f}" if seconds else "- | -"
    return f"| {_NAMES[cause]} | {len(seconds)} | {figures} | {ended} |\n"
