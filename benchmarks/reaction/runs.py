"""Runs of stand-in workers whose memory runs out at a told moment, and what they need of a cluster."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.reaction.timeline import Event, Kind, Reaction, Sighting, reaction
from benchmarks.reaction.watch import Watch
from dev.cluster import Cluster, NodeOptions
from dev.cluster.kubectl import kubectl
from dev.installation import IMAGES, Installation, claim, namespace
from ingestion_contract import identity

WORKERS = 4
DEVICE_GIB = 32.0
BEFORE_GIB = 5.0
AFTER_GIB = 10.5
"""What each worker needs from its run's moment on: three hold it, the fourth runs out, and two fit under the target."""
TARGET_PERCENT = 80

NAMESPACE = "reaction"
CLAIM = "results"
IMAGE = "ingestion-worker"


@dataclass(frozen=True)
class Run:
    """A run, and how its worker shows that memory ran out."""

    name: str
    kind: Kind

    def manifest(self) -> dict[str, Any]:
        """Return the IngestionRun."""
        plan = {"shards": WORKERS, "device": DEVICE_GIB, "before": BEFORE_GIB, "after": AFTER_GIB, "kind": self.kind}
        return {
            "apiVersion": identity.API_VERSION,
            "kind": identity.KIND,
            "metadata": {"name": self.name, "namespace": NAMESPACE},
            "spec": {
                "source": {"urls": [f"http://stand-in/?{urlencode(plan)}"]},
                "output": {"persistentVolumeClaim": {"claimName": CLAIM, "path": self.name}},
                "workers": {"parallelism": {"initial": WORKERS, "min": 1, "max": WORKERS}},
                "memory": {"targetPercent": TARGET_PERCENT},
            },
        }

    def output(self, cluster: Cluster) -> Path:
        """Return the folder of its output."""
        return cluster.folder / "volumes" / NAMESPACE / CLAIM / self.name

    def run_out_of_memory(self, cluster: Cluster, at: float) -> None:
        """Let its workers need more from a moment on, in seconds since 1970."""
        moment = self.output(cluster) / "moment.new"
        moment.write_text(str(at))
        moment.rename(moment.with_name("moment"))

    def reaction(self, cluster: Cluster, sightings: Iterable[Sighting]) -> Reaction | None:
        """Return how the operator has answered, as a watch has shown it; None if memory has not run out."""
        line = DEVICE_GIB * TARGET_PERCENT / 100
        return reaction(self.name, self.kind, self.events(cluster), sightings, WORKERS, line)

    def events(self, cluster: Cluster) -> list[Event]:
        """Return what its workers have noted of their memory."""
        lines = (self.output(cluster) / "events.jsonl").read_text().splitlines()
        return [Event(**json.loads(line)) for line in lines]


def steady(watch: Watch, run: Run) -> bool:
    """Return whether all workers of a run are at work, and have their share of the device."""
    memory = watch.statuses.get(run.name, {}).get("memory", {})
    return watch.ready_workers(run.name) == WORKERS and bool(memory.get("budgetBytes"))


def node(runs: int) -> NodeOptions:
    """Return a node that has room for so many runs, with the stand-in as the image of the workers."""
    pods = runs * (WORKERS + 2) + 8
    return NodeOptions(cpus=pods, gpus=pods, pods=pods, images={IMAGE: Path(__file__).parent / "image", **IMAGES})


def install(cluster: Cluster) -> Installation:
    """Install the operator as it comes, and what the runs need."""
    kubectl(cluster, "apply", "-f", "-", given=namespace(NAMESPACE))
    kubectl(cluster, "apply", "-f", "-", given=claim(CLAIM, NAMESPACE))
    operator = Installation(cluster)
    operator.install({})
    operator.until_ready()
    return operator
