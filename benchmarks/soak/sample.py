"""What there is at one moment. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

EVENTS = "events"
"""Of all kinds the only one that is left when a run has gone: the API server removes events an hour later."""

OTHERS = "others"
KINDS = ("ingestionruns", "jobs", "pods", "configmaps")
"""Kinds of objects that are counted one by one; all others together."""


@dataclass(frozen=True)
class Sample:
    """What there is at one moment.

    Attributes:
        seconds: since the first run was created.
        runs: that have come and gone by then.
        resting: whether no run is there, and the operator has had time to notice that.
        memory_bytes: resident memory of the operator's process.
        open_files: its file descriptors, sockets among them.
        threads: of the operator's process.
        series: on its metrics page.
        objects: in etcd, by kind; `KINDS`, `OTHERS`, and `EVENTS`.
    """

    seconds: float
    runs: int
    resting: bool
    memory_bytes: int
    open_files: int
    threads: int
    series: int
    objects: dict[str, int]


def count_series(page: str) -> int:
    """Return how many series a metrics page has."""
    return sum(bool(line) and not line.startswith("#") for line in page.splitlines())


def count_objects(keys: Iterable[str], events: int) -> dict[str, int]:
    """Return how many objects there are of each kind.

    Args:
        keys: of all objects but events in etcd, as `/registry/pods/NAMESPACE/NAME`; those of a custom resource have
            its group before its plural.
        events: how many of those there are.
    """
    found: Counter[str] = Counter(dict.fromkeys((*KINDS, OTHERS), 0))
    for key in keys:
        kind = _kind(key)
        found[kind if kind in KINDS else OTHERS] += 1
    return {**found, EVENTS: events}


def _kind(key: str) -> str:
    first, second = key.split("/")[2:4]
    return second if "." in first else first
