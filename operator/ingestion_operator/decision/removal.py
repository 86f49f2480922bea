"""Which pods Kubernetes takes away when a Job's parallelism is lowered. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ingestion_operator.decision.situation import Gpu, Situation
from ingestion_operator.observe.pods import Pod


def removed_first(pods: Iterable[Pod]) -> list[Pod]:
    """Return the pods in the order in which the Job controller removes them.

    Those that do not run, those that are not ready, those that have been ready for the shortest time, the newest: the
    order of `ActivePods` in Kubernetes' controller, which has no regard for costs of deletion.
    """
    return sorted(pods, key=_rank)


def removed(pods: Sequence[Pod], parallelism: int) -> list[Pod]:
    """Return the pods that would go if only so many were wanted."""
    return removed_first(pods)[: max(0, len(pods) - parallelism)]


def frees(situation: Situation, parallelism: int, gpus: Iterable[Gpu]) -> bool:
    """Return whether one of those that would go is on one of these devices: else memory is short there as before."""
    uuids = {gpu.uuid for gpu in gpus}
    return any(situation.device_of(pod) in uuids for pod in removed(situation.staying, parallelism))


def most_on_one(situation: Situation, parallelism: int) -> int:
    """Return how many workers would share one device if only so many were wanted, at the most."""
    gone = {pod.uid for pod in removed(situation.staying, parallelism)}
    left = Counter(situation.device_of(pod) for pod in situation.staying if pod.uid not in gone)
    return max(left.values(), default=0)


def _rank(pod: Pod) -> tuple[bool, bool, float, float, str]:
    ready_since = pod.ready_since.timestamp() if pod.ready_since is not None else 0.0
    return (pod.running, pod.ready, -ready_since, -pod.created_at.timestamp(), pod.name)
