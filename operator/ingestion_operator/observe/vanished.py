"""Runs that are gone though no watch has told.

A watch that was cut off for too long, as by a restart of the API server, begins anew with what is there, and nobody
tells what went meanwhile. A run that has ended is looked at no more, so that nothing else would notice.
"""

from __future__ import annotations

from ingestion_operator.kube import Kube
from ingestion_operator.observe.cache import ObjectSet
from ingestion_operator.resources import RUNS


async def vanished(kube: Kube, runs: ObjectSet) -> list[str]:
    """Return the uids of those of the runs that the API server does not know any more.

    Raises:
        ApiError: the API server did not answer well.
    """
    found: list[str] = []
    for namespace in sorted({raw["metadata"]["namespace"] for raw in runs.all()}):
        listing = await kube.select_metadata(RUNS, namespace)
        there = {item["metadata"]["uid"] for item in listing.items}
        for meta in (raw["metadata"] for raw in runs.all()):
            older = int(meta["resourceVersion"]) <= listing.version
            if meta["namespace"] == namespace and older and meta["uid"] not in there:
                found.append(meta["uid"])
    return found
