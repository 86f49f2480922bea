"""What `helm test` runs: whether the operator's service account may read the runs that it is to serve."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from ingestion_operator.kube import ApiError, Kube, Listing
from ingestion_operator.resources import RUNS

_NOT_YET = (429, 503)
"""What the API server answers for a moment after the CustomResourceDefinition was made."""
_PAUSES_SECONDS = (0.5, 1, 2, 4, 8)


async def _runs(kube: Kube, namespace: str | None) -> Listing:
    for pause in _PAUSES_SECONDS:
        try:
            return await kube.select(RUNS, namespace, "")
        except ApiError as problem:
            if problem.status not in _NOT_YET:
                raise
        await asyncio.sleep(pause)
    return await kube.select(RUNS, namespace, "")


async def _read(namespaces: Sequence[str | None]) -> None:
    async with await Kube.connect() as kube:
        for namespace in namespaces:
            place = f"namespace {namespace}" if namespace else "all namespaces"
            try:
                runs = await _runs(kube, namespace)
            except ApiError as problem:
                sys.exit(f"error: the {RUNS.plural} of {place} cannot be read: {problem}")
            print(f"{len(runs.items)} {RUNS.plural} in {place} can be read")


asyncio.run(_read(sys.argv[1:] or [None]))
