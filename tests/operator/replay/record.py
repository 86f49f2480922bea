"""`python -m tests.operator.replay.record`: record the runs in fixtures/ anew, after a decision has got other fields.

Two minutes on the development cluster, with stand-in workers. `demo` is what a demonstration has recorded,
`python -m dev.demo --videos 40 --kill-operator`, compressed: `build/cluster/volumes/ingestion-operator/recordings`.
"""

from __future__ import annotations

import asyncio
import gzip
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dev.cluster import Cluster, NodeOptions
from dev.cluster.kubectl import kubectl
from dev.installation import claim, provide_identity
from ingestion_contract.status import IngestionRunStatus
from ingestion_operator.kube import Kube
from tests.operator.cluster.conftest import HERE
from tests.operator.cluster.kit import Operator, Runs
from tests.operator.replay.kit import FOLDER

NAMESPACE = "recorded"
LIMIT_SECONDS = 300.0

PLANS: dict[str, dict[str, Any]] = {
    "incident": {"shards": 6, "videos": 4, "seconds": 0.5, "room": 2},
    "over-target": {"shards": 4, "videos": 6, "seconds": 0.5, "gib": 40},
    "unmeasured": {"shards": 4, "videos": 6, "seconds": 0.5, "floor": 0, "room": 2},
    "exits": {"shards": 4, "videos": 6, "seconds": 0.5, "exit": 85, "index": 1},
    "blocked": {"shards": 4, "videos": 8, "seconds": 0.5, "exit": 75, "gib": 80},
    "grows": {
        "shards": 8,
        "videos": 20,
        "seconds": 0.5,
        "gib": 400,  # of which the stand-in says that 70 % are in use, whoever uses them
        "spec": {
            "workers": {"parallelism": {"initial": 1, "min": 1, "max": 4}},
            "memory": {"recoveryAfterSeconds": 5},
        },
    },
}


async def record(cluster: Cluster, operator: Operator) -> None:
    """Run all plans at once, and kill the operator on the way."""
    async with await Kube.connect(cluster.kubeconfig) as kube:
        runs = Runs(kube, NAMESPACE, cluster.folder / "volumes")
        for name, plan in PLANS.items():
            await runs.apply(name, **plan)
        await runs.until("memory has run out", lambda status: status.adaptations, "incident")
        operator.kill()
        operator.start()
        await asyncio.gather(*(_until_ended(runs, name) for name in PLANS))


async def _until_ended(runs: Runs, name: str) -> IngestionRunStatus:
    async with asyncio.timeout(LIMIT_SECONDS):
        while (status := await runs.status(name)).completion_time is None:  # noqa: ASYNC110 - it is asked for
            await asyncio.sleep(1)
    return status


def main() -> None:
    """Record, and replace the fixtures of these names."""
    with TemporaryDirectory(prefix="recording-") as scratch:
        folder = Path(scratch)
        os.environ["INGESTION_RECORD"] = str(folder / "recordings")
        options = NodeOptions(cpus=64, gpus=64, images={"worker": HERE / "image"})
        with Cluster(folder / "cluster", options) as cluster:
            provide_identity(cluster)
            kubectl(cluster, "create", "namespace", NAMESPACE)
            kubectl(cluster, "apply", "-f", "-", given=claim("results", NAMESPACE))
            operator = Operator(cluster.kubeconfig, NAMESPACE, folder / "operator.log")
            operator.start()
            try:
                asyncio.run(record(cluster, operator))
            finally:
                operator.stop()
        for name in PLANS:
            lines = (folder / "recordings" / f"{NAMESPACE}_{name}.jsonl").read_bytes()
            (FOLDER / f"{name}.jsonl.gz").write_bytes(gzip.compress(lines, mtime=0))


if __name__ == "__main__":
    main()
