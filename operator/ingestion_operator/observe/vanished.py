"""Runs that are gone though no watch has told.

A watch that was cut off for too long, as by a restart of the API server, begins anew with what is there, and nobody
tells what went meanwhile. A run that has ended is looked at no more, so that nothing else would notice.
"""

from __future__ import annotations

from ingestion_operator.kube import Kube
from ingestion_operator.observe.cache import ObjectSet
from ingestion_operator.observe.packed import PackedRun
from ingestion_operator.resources import RUNS


async def vanished(kube: Kube, runs: ObjectSet[PackedRun]) -> list[str]:
    """Return the uids of those of the runs that the API server does not know any more.

    Raises:
        ApiError: the API server did not answer well.
    """
    found: list[str] = []
    for namespace in sorted({run.namespace for run in runs.all()}):
        listing = await kube.select_metadata(RUNS, namespace)
        there = {item["metadata"]["uid"] for item in listing.items}
        for run in runs.all():
            if run.namespace == namespace and run.version <= listing.version and run.uid not in there:
                found.append(run.uid)
    return found
