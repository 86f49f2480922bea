"""A new run of what failed. Pure.

Output is found by its content: a new run of the same spec lists the source again, finds every video that an earlier run
has committed, and does the rest. So a retry is the same spec under another name.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from ingestion_contract import identity
from kubectl_ingest.observed_run import ObservedRun, observe
from kubectl_ingest.refusal import Refusal
from kubectl_ingest.report import ENDED, RunState, state_of
from kubectl_ingest.words import counts, number, printable

_RETRY = re.compile(r"-retry-\d+$")


@dataclass(frozen=True)
class Retry:
    """A new run, as plain data, and in a sentence what it takes up."""

    manifest: dict[str, Any]
    takes_up: str


def retry(run: Mapping[str, Any], names: Collection[str]) -> Retry:
    """Return the run that does what another one has left.

    Args:
        run: the other one, as the API server returns it.
        names: of all runs in its namespace.

    Raises:
        Refusal: it is still going, or has left nothing.
    """
    observed = observe(run)
    _check_ended(observed)
    takes_up = _takes_up(observed)
    # The stored spec is copied as it is, with its defaults: the keys of what is there already are made from it.
    spec = copy.deepcopy(run["spec"])
    spec.pop("suspend", None)
    manifest = {
        "apiVersion": identity.API_VERSION,
        "kind": identity.KIND,
        "metadata": {"name": next_name(observed.name, names), "namespace": observed.namespace},
        "spec": spec,
    }
    return Retry(manifest, takes_up)


def next_name(name: str, names: Collection[str]) -> str:
    """Return the first of NAME-retry-1, NAME-retry-2 ... that is free; a retry's own number is counted on."""
    base = _RETRY.sub("", name)
    for attempt in count(1):
        suffix = f"-retry-{attempt}"
        candidate = base[: identity.MAX_RUN_NAME_LENGTH - len(suffix)].rstrip("-") + suffix
        if candidate not in names:
            return candidate
    raise AssertionError("numbers do not end")


def _check_ended(run: ObservedRun) -> None:
    state = state_of(run)
    if state in ENDED:
        return
    name, namespace = run.name, run.namespace
    if state is RunState.SUSPENDED:
        raise Refusal(
            f"{name} is suspended at {run.status.progress or 'its start'}, and has not ended: let it go on with "
            f'`kubectl patch ir {name} -n {namespace} --type=merge -p \'{{"spec":{{"suspend":false}}}}\'`'
        )
    if state is RunState.STALLED:
        raise Refusal(
            f"{name} has stalled at {run.status.progress or 'its start'}, and has not ended: it goes on when what it "
            f"names is changed, see `kubectl ingest status {name} -n {namespace}`"
        )
    raise Refusal(
        f"{name} is still going ({run.status.progress or 'nothing listed yet'}): wait for its end with "
        f"`kubectl ingest status {name} -n {namespace} --watch`, then retry what failed"
    )


def _takes_up(run: ObservedRun) -> str:
    videos = run.status.videos
    reasons = f" ({printable(counts(videos.reasons))})" if videos.reasons else ""
    left = videos.total - videos.succeeded - videos.skipped
    if left:
        skipped = f", and looks again at {videos.skipped} that were skipped" if videos.skipped else ""
        return f"takes up {number(left, 'video')} of {videos.total} that {run.name} did not ingest{skipped}{reasons}"
    if state_of(run) is RunState.FAILED:
        return f"does again what {run.name} ended without, with {videos.succeeded} of {videos.total} videos ingested"
    told = f"{videos.succeeded} of {videos.total} videos succeeded, {videos.skipped} were skipped{reasons}"
    again = ": to look again at what was skipped, apply its manifest under another name" if videos.skipped else ""
    raise Refusal(f"nothing failed in {run.name}, so there is nothing to retry; {told}{again}")
