"""Counts what is recorded in the output, while a run is under way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ingestion_contract import layout
from ingestion_contract.metrics import Result
from ingestion_contract.records import Outcome, Video
from ingestion_contract.spec import IngestionRun
from ingestion_worker.output.batches import batches
from ingestion_worker.output.keys import video_key
from ingestion_worker.output.store import Store


@dataclass(frozen=True)
class Tally:
    """How many videos have which outcome."""

    succeeded: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def done(self) -> int:
        """Videos with an outcome."""
        return self.succeeded + self.failed + self.skipped

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.succeeded + other.succeeded, self.failed + other.failed, self.skipped + other.skipped)


def count(results: dict[Result, int]) -> Tally:
    """Return a tally of counts by result."""
    return Tally(*(results.get(result, 0) for result in (Result.SUCCEEDED, Result.FAILED, Result.SKIPPED)))


def recorded(run: IngestionRun, store: Store, videos: Sequence[Video]) -> Tally:
    """Return what is recorded of some videos of a run.

    Raises:
        OutputUnavailable: the storage refuses.
    """
    results: Counter[Result] = Counter()
    for some in batches(videos):
        paths = (layout.outcome(run.metadata.uid, video_key(video, run.spec)) for video in some)
        results.update(outcome.result for outcome in store.read_records(paths, Outcome).values())
    return count(results)
