"""Device memory in the status: how full, how often it ran out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.status import MemoryStatus
from ingestion_contract.summary import ShardSummary
from ingestion_operator.observe.pods import Pod
from ingestion_operator.observe.worker_sample import WorkerSample

MAX_PODS = 1000


def count_oom_events(
    before: MemoryStatus, pods: Iterable[Pod], samples: Mapping[str, WorkerSample], now: datetime
) -> MemoryStatus:
    """Add what the pods have counted since; the total only grows, across restarts of anything.

    A pod's part is remembered as long as the pod is there, or is known to have gone, so that nothing is counted twice:
    the status may have been written though no answer came.
    """
    by_pod: dict[str, int] = {}
    fresh = 0
    for pod in pods:
        known = before.oom_by_pod.get(pod.uid, 0)
        count = max(known, _counted_by(pod, samples.get(pod.uid)))
        if count == 0 or len(by_pod) >= MAX_PODS:
            continue
        fresh += count - known
        by_pod[pod.uid] = count
    update: dict[str, object] = {"oom_by_pod": by_pod}
    if fresh:
        update |= {"oom_total": before.oom_total + fresh, "last_oom_at": now}
    return before.model_copy(update=update)


def used_percent(samples: Iterable[WorkerSample]) -> int | None:
    """Return how full the fullest device is, or None if nobody says."""
    shares = [
        min(100, round(100 * sample.device_used / sample.device_total))
        for sample in samples
        if sample.device_used is not None and sample.device_total
    ]
    return max(shares, default=None)


def _counted_by(pod: Pod, sample: WorkerSample | None) -> int:
    counted = sample.oom_events if sample is not None else 0
    if pod.exit is not None:
        if isinstance(pod.exit.summary, ShardSummary):
            counted = max(counted, pod.exit.summary.oom_events)
        if pod.exit.code == ExitCode.MEMORY_EXHAUSTED:
            counted = max(counted, 1)
    return counted
