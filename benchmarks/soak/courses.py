"""What becomes of a run in the soak, and what its stand-in workers do."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from ingestion_contract import identity

WORKERS = 4
NAMESPACE = "soak"
CLAIM = "results"

_SHARDS = 4
_ROOM = 2
_OUT_OF_MEMORY = 85


class Course(StrEnum):
    """What becomes of a run.

    plain: it comes to its end. short: its workers run out of memory, since only two of four fit. exits: a worker ends
    for want of memory (exit code 85), and is started again. suspended: it is suspended at work, and resumed. removed:
    it is deleted at work. fails: its source is gone.
    """

    PLAIN = "plain"
    SHORT = "short"
    EXITS = "exits"
    SUSPENDED = "suspended"
    REMOVED = "removed"
    FAILS = "fails"


_PLANS: dict[Course, dict[str, Any]] = {
    Course.PLAIN: {"videos": 3, "seconds": 0.5},
    Course.SHORT: {"videos": 3, "seconds": 1.5, "room": _ROOM},
    Course.EXITS: {"videos": 3, "seconds": 0.5, "exit": _OUT_OF_MEMORY},
    Course.SUSPENDED: {"videos": 6, "seconds": 1},
    Course.REMOVED: {"videos": 100, "seconds": 1},
    Course.FAILS: {"discover": "fail"},
}
"""For the stand-in, `tests/operator/cluster/stand_in.py`."""


def manifest(name: str, course: Course) -> dict[str, Any]:
    """Return the IngestionRun of a course."""
    plan = {"shards": _SHARDS, **_PLANS[course]}
    return {
        "apiVersion": identity.API_VERSION,
        "kind": identity.KIND,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "source": {"urls": [f"http://stand-in/?{urlencode(plan)}"]},
            "output": {"persistentVolumeClaim": {"claimName": CLAIM, "path": name}},
            "workers": {"parallelism": {"initial": WORKERS, "min": 1, "max": WORKERS}},
        },
    }
