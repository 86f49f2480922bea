"""The live story: a line when something changes. Pure: two observations in, lines out."""

from __future__ import annotations

from collections.abc import Iterator

from dev.demo.timeline import Observation
from ingestion_contract.status import Condition, ConditionType, IngestionRunStatus

PROGRESS_STEP = 10
"""Percent of the videos between two lines of progress."""


def lines(before: Observation | None, now: Observation) -> Iterator[str]:
    """Yield what there is to say about the step from one observation to the next."""
    old = before.status if before else IngestionRunStatus()
    yield from _discovery(old, now.status)
    yield from _memory(before, now)
    yield from _adaptations(old, now.status)
    yield from _parallelism(before, now)
    yield from _progress(old, now)
    yield from _ready_reason(old, now.status)


def _discovery(old: IngestionRunStatus, new: IngestionRunStatus) -> Iterator[str]:
    if new.video_list and not old.video_list:
        yield f"discovered {new.video_list.count} videos, cut into {new.video_list.shards} shards"


def _memory(before: Observation | None, now: Observation) -> Iterator[str]:
    fresh = now.device.refusals - (before.device.refusals if before else 0)
    if fresh > 0:
        events = "an allocation was" if fresh == 1 else f"{fresh} allocations were"
        yield (
            f"CUDA out of memory: {events} refused, {now.device.used_percent:.1f} % of "
            f"{now.device.total / 2**30:g} GiB in use (simulated GPU)"
        )


def _adaptations(old: IngestionRunStatus, new: IngestionRunStatus) -> Iterator[str]:
    known = {(item.time, item.lever, item.to) for item in old.adaptations}
    for item in new.adaptations:
        if (item.time, item.lever, item.to) not in known:
            yield f"operator: {item.lever} {item.from_} -> {item.to}, {item.reason}: {item.message}"


def _parallelism(before: Observation | None, now: Observation) -> Iterator[str]:
    earlier = before.parallelism if before else None
    if now.parallelism is None or now.parallelism == earlier:
        return
    if earlier is None:
        yield f"worker Job created with parallelism {now.parallelism}"
    else:
        yield f"worker Job patched: parallelism {earlier} -> {now.parallelism}"


def _progress(old: IngestionRunStatus, now: Observation) -> Iterator[str]:
    if done_percent(now.status) // PROGRESS_STEP > done_percent(old) // PROGRESS_STEP:
        workers = "1 worker" if now.pods == 1 else f"{now.pods} workers"
        yield f"{now.status.progress} videos, {workers}, {now.device.used_percent:.1f} % of the simulated memory"


def done_percent(status: IngestionRunStatus) -> int:
    """Return the share of the videos that have an outcome, in percent."""
    videos = status.videos
    done = videos.succeeded + videos.failed + videos.skipped
    return 100 * done // videos.total if videos.total else 0


def _ready_reason(old: IngestionRunStatus, new: IngestionRunStatus) -> Iterator[str]:
    before, now = _ready(old), _ready(new)
    if now and (before is None or now.reason != before.reason):
        yield f"run is {now.reason}: {now.message}" if now.message else f"run is {now.reason}"


def _ready(status: IngestionRunStatus) -> Condition | None:
    return next((item for item in status.conditions if item.type == ConditionType.READY), None)
