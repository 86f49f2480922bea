"""What `helm test` runs: whether the operator's service account may read the runs that it is to serve."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from ingestion_operator.kube import ApiError, Kube
from ingestion_operator.resources import RUNS


async def _read(namespaces: Sequence[str | None]) -> None:
    async with await Kube.connect() as kube:
        for namespace in namespaces:
            place = f"namespace {namespace}" if namespace else "all namespaces"
            try:
                runs = await kube.select(RUNS, namespace, "")
            except ApiError as problem:
                sys.exit(f"error: the {RUNS.plural} of {place} cannot be read: {problem}")
            print(f"{len(runs.items)} {RUNS.plural} in {place} can be read")


asyncio.run(_read(sys.argv[1:] or [None]))
