"""Runs as a cluster has them, and a stand-in of the cluster itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console, RenderableType

from kubectl_ingest.cli import Edge
from kubectl_ingest.cluster import Choice, Object
from kubectl_ingest.refusal import Refusal

GIB = 2**30
NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


def ago(seconds: float) -> str:
    """The moment so many seconds before NOW, as Kubernetes writes it."""
    return (NOW - timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def condition(kind: str, status: str, reason: str, message: str = "") -> Object:
    """A condition that holds for five minutes."""
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": ago(300)}


def summary(ready: str, reconciling: str, stalled: str, reason: str, message: str = "") -> list[Object]:
    """The three conditions of kstatus."""
    truths = {"Ready": ready, "Reconciling": reconciling, "Stalled": stalled}
    return [condition(kind, status, reason, message) for kind, status in truths.items()]


RUNNING = [*summary("False", "True", "False", "Ingesting", "50/200 videos, 2 workers wanted")]


def make_run(name: str = "talks", namespace: str = "media", **status: Any) -> Object:
    """A run as the API server returns it."""
    return {
        "apiVersion": "ingestion.dev/v1alpha1",
        "kind": "IngestionRun",
        "metadata": {"name": name, "namespace": namespace, "uid": "1", "resourceVersion": "7", "labels": {"a": "b"}},
        "spec": {
            "suspend": False,
            "source": {"urls": ["https://videos.example/list"], "limit": 200},
            "output": {"uri": "s3://bucket/talks"},
            "workers": {"parallelism": {"initial": 4, "min": 1, "max": 8}},
            "memory": {"targetPercent": 80},
        },
        "status": status,
    }


def running(**status: Any) -> Object:
    """A run in the middle, whose workers were lowered from four to two."""
    fields: Object = {
        "conditions": [
            *RUNNING,
            condition("MemoryPressure", "False", "NoPressure"),
            condition("TelemetryAvailable", "True", "WorkersAnswer"),
        ],
        "startTime": ago(600),
        "progress": "50/200",
        "videos": {"total": 200, "succeeded": 47, "failed": 2, "skipped": 1, "reasons": {"Gone": 1, "Network": 2}},
        "workers": {
            "parallelism": 2,
            "reason": "MemoryExhausted",
            "ceiling": 2,
            "ceilingExpiresAt": ago(-240),
        },
        "memory": {
            "usedPercent": 78,
            "oomTotal": 4,
            "floorBytes": int(8.6 * GIB),
            "deviceBytes": 24 * GIB,
            "budgetBytes": int(9.6 * GIB),
            "lastOomAt": ago(420),
        },
        "throughput": {"audioHoursPerHour": "39.2"},
        "adaptations": [
            {
                "time": ago(420),
                "lever": "parallelism",
                "from": 4,
                "to": 2,
                "reason": "MemoryExhausted",
                "message": "2 of 4 workers on GPU-1a2b wait for memory",
            }
        ],
    }
    return make_run(**(fields | status))


def ended(*, complete: bool = True, succeeded: int = 197, failed: int = 2, skipped: int = 1, **status: Any) -> Object:
    """A run that has ended."""
    end = (
        [*summary("True", "False", "False", "Ingested"), condition("Complete", "True", "Ingested")]
        if complete
        else [*summary("False", "False", "True", "TooFewSucceeded"), condition("Failed", "True", "TooFewSucceeded")]
    )
    reasons = {"Network": failed, "Gone": skipped}
    fields: Object = {
        "conditions": end,
        "startTime": ago(3600),
        "completionTime": ago(60),
        "progress": "200/200",
        "videos": {
            "total": 200,
            "succeeded": succeeded,
            "failed": failed,
            "skipped": skipped,
            "reasons": {reason: count for reason, count in reasons.items() if count},
        },
    }
    return make_run(**(fields | status))


def shown(view: RenderableType, width: int = 160) -> str:
    """What a person sees of a view."""
    console = Console(width=width, highlight=False, markup=False, force_terminal=False)
    with console.capture() as capture:
        console.print(view)
    return capture.get()


class StandIn:
    """A cluster with some runs. Every look at one finds its next state; the last one stays."""

    def __init__(self, *runs: Sequence[Object | Refusal]) -> None:
        self._states = {_key(states[0]): list(states) for states in runs}
        self.created: list[Object] = []
        self.choices: list[Choice] = []

    def edge(self, namespace: Callable[[Choice], str] = lambda _: "media") -> Edge:
        """The edge that leads here; its clock stands still."""
        return Edge(connect=self._connect, default_namespace=namespace, now=lambda: NOW, pause=lambda _: None)

    def _connect(self, choice: Choice) -> StandIn:
        self.choices.append(choice)
        return self

    def get(self, namespace: str, name: str) -> Object:
        """Return a run's present state, and go on to its next."""
        states = self._states[namespace, name]
        state = states.pop(0) if len(states) > 1 else states[0]
        if isinstance(state, Refusal):
            raise state
        return deepcopy(state)

    def list(self, namespace: str | None) -> list[Object]:
        """Return the runs of a namespace, or of all."""
        present = [states[0] for (place, _), states in self._states.items() if namespace in (None, place)]
        return [deepcopy(state) for state in present if not isinstance(state, Refusal)]

    def create(self, manifest: Mapping[str, Any]) -> Object:
        """Keep what was created."""
        self.created.append(dict(manifest))
        return dict(manifest) | {"status": {}}


def _key(run: Object | Refusal) -> tuple[str, str]:
    assert not isinstance(run, Refusal), "a run begins with a state"
    return run["metadata"]["namespace"], run["metadata"]["name"]
