"""Videos per shard as far as can be seen while the work goes on: a hint, since pods vanish with what they knew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ingestion_contract.metrics import Result
from ingestion_contract.summary import ShardSummary
from ingestion_operator.observe.pods import Pod
from ingestion_operator.observe.worker_sample import ResultCounts, WorkerSample


@dataclass(frozen=True)
class Tally:
    """What one shard has behind it."""

    results: ResultCounts = field(default_factory=dict)
    audio_seconds: int = 0

    @property
    def done(self) -> int:
        """Videos with an outcome."""
        return sum(self.results.values())


def update_tallies(
    known: Mapping[int, Tally], pods: Iterable[Pod], samples: Mapping[str, WorkerSample]
) -> dict[int, Tally]:
    """Return the fullest tally of each shard: of those known, and of what its pods say or said.

    A new attempt at a shard counts from zero and soon passes over what is there, so the fullest is the nearest.
    """
    tallies = dict(known)
    for pod in pods:
        if pod.index is None:
            continue
        for seen in (_from_sample(samples.get(pod.uid)), _from_exit(pod)):
            if seen is not None and seen.done > tallies.get(pod.index, Tally()).done:
                tallies[pod.index] = seen
    return tallies


def _from_sample(sample: WorkerSample | None) -> Tally | None:
    return Tally(sample.results, sample.audio_seconds) if sample is not None else None


def _from_exit(pod: Pod) -> Tally | None:
    summary = pod.exit.summary if pod.exit is not None else None
    if not isinstance(summary, ShardSummary):
        return None
    results = {
        (Result.SUCCEEDED, ""): summary.succeeded,
        (Result.FAILED, ""): summary.failed,
        (Result.SKIPPED, ""): summary.skipped,
    }
    return Tally(results, summary.audio_seconds)
