"""Bringing the limits to the workers: the ConfigMap, then a touch on each pod so that its kubelet looks at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass

from ingestion_contract.identity import LIMITS_REVISION_ANNOTATION
from ingestion_contract.limits import LIMITS_KEY, Limits
from ingestion_contract.pod import Step
from ingestion_operator.apply.objects import change, ensure
from ingestion_operator.apply.ownership import BeingRemoved, Obstacle, require_own
from ingestion_operator.decision.snapshot import Snapshot
from ingestion_operator.desired.config_maps import limits_config_map
from ingestion_operator.desired.names import limits_config_map_name
from ingestion_operator.kube import ApiError, Kube, NotFound, Object
from ingestion_operator.observe.pods import Pod
from ingestion_operator.observe.worker_sample import WorkerSample
from ingestion_operator.resources import CONFIG_MAPS, PODS


@dataclass(frozen=True)
class Touched:
    """The pods that were annotated, as they are now, and why one was not, if there is one."""

    pods: list[Object]
    refusal: ApiError | None


async def read_limits(kube: Kube, snapshot: Snapshot) -> Limits | None:
    """Return the limits that the ConfigMap holds; None if it is not there, or is not the run's, or cannot be read.

    Raises:
        ApiError: the API server did not answer well.
    """
    run = snapshot.run
    try:
        found = await kube.get(CONFIG_MAPS, run.metadata.namespace, limits_config_map_name(run))
        require_own(found, run)
        return Limits.from_wire(json.loads(found["data"][LIMITS_KEY]))
    except (NotFound, Obstacle, BeingRemoved, KeyError, ValueError):
        return None


async def write_limits(kube: Kube, snapshot: Snapshot, limits: Limits) -> None:
    """Write the ConfigMap, whatever it held before.

    Raises:
        Obstacle: it cannot be made, or changed.
    """
    body = limits_config_map(snapshot.run, limits)
    found = await ensure(kube, CONFIG_MAPS, snapshot.run, body)
    if found.get("data") != body["data"]:
        await change(kube, CONFIG_MAPS, snapshot.run, body["kind"], body["metadata"]["name"], {"data": body["data"]})


async def touch_pods(kube: Kube, snapshot: Snapshot, revision: int) -> Touched:
    """Annotate the running workers that have not reported the revision."""
    behind = [pod for pod in snapshot.pods_of(Step.WORK) if _behind(pod, snapshot.samples, revision)]
    answers = await asyncio.gather(*(_touch(kube, snapshot, pod, revision) for pod in behind))
    refusals = [answer for answer in answers if isinstance(answer, ApiError)]
    return Touched([answer for answer in answers if isinstance(answer, dict)], next(iter(refusals), None))


def _behind(pod: Pod, samples: Mapping[str, WorkerSample], revision: int) -> bool:
    if not pod.staying or not pod.running or pod.limits_revision == str(revision):
        return False
    sample = samples.get(pod.uid)
    return sample is None or (sample.limits_revision or 0) < revision


async def _touch(kube: Kube, snapshot: Snapshot, pod: Pod, revision: int) -> Object | ApiError | None:
    patch = {"metadata": {"annotations": {LIMITS_REVISION_ANNOTATION: str(revision)}}}
    try:
        return await kube.merge(PODS, snapshot.run.metadata.namespace, pod.name, patch)
    except NotFound:
        return None
    except ApiError as refusal:
        return refusal
