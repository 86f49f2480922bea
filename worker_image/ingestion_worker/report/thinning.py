"""Keeps of many timelines what a chart can show, however many there are. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ingestion_contract.records import Timeline, TimelineSample
from ingestion_worker.pipeline.timeline import halved

MOST_SAMPLES = 20_000
"""Of all timelines together: some 40 MB, and about 80 for each of a chart's bins."""


def thinned(timelines: Iterable[Timeline], most_samples: int = MOST_SAMPLES) -> list[Timeline]:
    """Return the timelines with at most so many samples in all, but always the first and the last one of each.

    They are taken one at a time. Once there are too many samples, all timelines are halved, those that come later as
    often as the others: the more attempts there are, the less of the run's time is one's.

    Args:
        timelines: of all attempts.
        most_samples: in all.
    """
    kept: list[Timeline] = []
    samples, halvings = 0, 0
    for timeline in timelines:
        kept.append(_halved(timeline, halvings))
        samples += len(kept[-1].samples)
        while samples > most_samples and any(len(one.samples) > 2 for one in kept):
            halvings += 1
            kept = [_halved(one, 1) for one in kept]
            samples = sum(len(one.samples) for one in kept)
    return kept


def _halved(timeline: Timeline, times: int) -> Timeline:
    samples: Sequence[TimelineSample] = timeline.samples
    for _ in range(times):
        samples = [*samples[:1], *halved(samples[1:])]
    return timeline.model_copy(update={"samples": samples})
