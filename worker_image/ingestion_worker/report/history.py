"""Merges the timelines of all attempts into one history of the run. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from ingestion_contract.metrics import Stage, WorkerState
from ingestion_contract.records import Timeline, TimelineSample
from ingestion_worker.report.worked_time import WorkedTime, worked_time
from ingestion_worker.telemetry.limiting import limiting_stage

MOST_BINS = 240
LEAST_BIN_SECONDS = 2.0


@dataclass(frozen=True)
class DeviceHistory:
    """A device over time, in bytes: of all processes, and of the run's workers together. None where nobody looked."""

    gpu_uuid: str
    name: str
    simulated: bool
    total: int
    used: list[int | None]
    own: list[int | None]
    utilisation: list[float | None]


@dataclass(frozen=True)
class StageShare:
    """How busy a stage was.

    Attributes:
        busy: share of its threads' time, 0 to 1.
        seconds: busy, summed over its threads and all attempts.
        threads: the most that it had in one worker.
        waiting: items in front of it, the mean over time.
    """

    stage: Stage
    busy: float
    seconds: float
    threads: int
    waiting: float


@dataclass(frozen=True)
class History:
    """A run over time, in bins of equal length.

    Attributes:
        time: the axis.
        bin_seconds: length of a bin.
        states: how many workers were in a state.
        batch, ceiling: the largest of all workers.
        throughput: audio-hours per hour that speech recognition heard.
        oom: position in worked seconds of each out-of-memory error, several at one time counted.
        devices: those whose memory was governed.
        stages: in the order of a video's way.
        limiting: the stage that the others waited for.
        attempts: how many attempts at shards there were.
        oom_events: of all attempts.
    """

    time: WorkedTime
    bin_seconds: float
    states: dict[WorkerState, list[int]]
    batch: list[int | None]
    ceiling: list[int | None]
    throughput: list[float]
    oom: dict[float, int]
    devices: list[DeviceHistory]
    stages: list[StageShare]
    limiting: Stage | None
    attempts: int
    oom_events: int


def history(timelines: Sequence[Timeline]) -> History | None:
    """Return the run's history, None where nothing was recorded."""
    timelines = [timeline for timeline in timelines if timeline.samples]
    if not timelines:
        return None
    time = worked_time((timeline.samples[0].at, timeline.samples[-1].at) for timeline in timelines)
    bin_seconds = max(LEAST_BIN_SECONDS, time.seconds / MOST_BINS)
    bins = max(1, ceil(time.seconds / bin_seconds))
    seats = _seats(timelines, time, bin_seconds, bins)
    stages = _stages(timelines)
    return History(
        time=time,
        bin_seconds=bin_seconds,
        states=_states(seats, bins),
        batch=_highest([[_most(some, "batch") for some in one] for one in seats]),
        ceiling=_highest([[_most(some, "batch_ceiling") for some in one] for one in seats]),
        throughput=_throughput(timelines, time, bin_seconds, bins),
        oom=_oom(timelines, time),
        devices=_devices(timelines, time, bin_seconds, bins),
        stages=stages,
        limiting=_limiting(stages),
        attempts=len(timelines),
        oom_events=sum(timeline.samples[-1].oom_events for timeline in timelines),
    )


Binned = list[list[TimelineSample]]


def _binned(timeline: Timeline, time: WorkedTime, bin_seconds: float, bins: int) -> Binned:
    """Return an attempt's samples by bin; a bin between two samples holds the earlier one."""
    filled: Binned = [[] for _ in range(bins)]
    for sample in timeline.samples:
        filled[_bin(time.at(sample.at), bin_seconds, bins)].append(sample)
    first = next(at for at, samples in enumerate(filled) if samples)
    last = max(at for at, samples in enumerate(filled) if samples)
    for at in range(first + 1, last):
        if not filled[at]:
            filled[at] = filled[at - 1][-1:]
    return filled


def _seats(timelines: Sequence[Timeline], time: WorkedTime, bin_seconds: float, bins: int) -> list[Binned]:
    """Return one row of bins for all attempts that followed each other: there were no two workers.

    An attempt takes the place of one that has ended before, else one of its own; so there are as many as there were
    workers at a time, however many attempts there were.
    """
    seats: list[Binned] = []
    ends: list[datetime] = []
    for timeline in sorted(timelines, key=lambda timeline: timeline.samples[0].at):
        first, last = timeline.samples[0].at, timeline.samples[-1].at
        binned = _binned(timeline, time, bin_seconds, bins)
        free = next((at for at, end in enumerate(ends) if end <= first), None)
        if free is None:
            seats.append(binned)
            ends.append(last)
        else:
            for before, now in zip(seats[free], binned, strict=True):
                before.extend(now)
            ends[free] = last
    return seats


def _bin(seconds: float, bin_seconds: float, bins: int) -> int:
    return min(bins - 1, int(seconds / bin_seconds))


def _most(samples: Sequence[TimelineSample], field: str) -> int | None:
    return max((int(getattr(sample, field)) for sample in samples), default=None)


def _highest(of_attempts: Sequence[Sequence[int | None]]) -> list[int | None]:
    columns = zip(*of_attempts, strict=True)
    return [max((value for value in column if value), default=None) for column in columns]


def _states(binned: Sequence[Binned], bins: int) -> dict[WorkerState, list[int]]:
    counts = [Counter(one[at][-1].state for one in binned if one[at]) for at in range(bins)]
    states = {state: [count[state] for count in counts] for state in WorkerState}
    return {state: column for state, column in states.items() if any(column)}


def _throughput(timelines: Sequence[Timeline], time: WorkedTime, bin_seconds: float, bins: int) -> list[float]:
    """Audio that was heard between two samples is spread over the bins between them."""
    heard = [0.0] * bins
    for start, end, audio in _gains(timelines, time):
        first, last = _bin(start, bin_seconds, bins), _bin(end, bin_seconds, bins)
        for at in range(first, last + 1):
            heard[at] += audio / (last - first + 1)
    return [audio / bin_seconds for audio in heard]


def _gains(timelines: Sequence[Timeline], time: WorkedTime) -> Iterator[tuple[float, float, float]]:
    for timeline in timelines:
        for earlier, later in zip(timeline.samples, timeline.samples[1:], strict=False):
            if later.audio_seconds > earlier.audio_seconds:
                yield time.at(earlier.at), time.at(later.at), later.audio_seconds - earlier.audio_seconds


def _oom(timelines: Sequence[Timeline], time: WorkedTime) -> dict[float, int]:
    events: Counter[float] = Counter()
    for timeline in timelines:
        before = 0
        for sample in timeline.samples:
            if sample.oom_events > before:
                events[time.at(sample.at)] += sample.oom_events - before
            before = sample.oom_events
    return dict(sorted(events.items()))


def _devices(timelines: Sequence[Timeline], time: WorkedTime, bin_seconds: float, bins: int) -> list[DeviceHistory]:
    named = {timeline.gpu_uuid: timeline for timeline in timelines if timeline.samples[-1].total_bytes}
    found = []
    for uuid in sorted(named):
        ours = [timeline for timeline in timelines if timeline.gpu_uuid == uuid]
        found.append(_device(named[uuid], _seats(ours, time, bin_seconds, bins)))
    return found


def _device(timeline: Timeline, binned: Sequence[Binned]) -> DeviceHistory:
    own = [[_most(some, "own_bytes") for some in one] for one in binned]
    utilisation = [[some[-1].utilisation_percent if some else None for some in one] for one in binned]
    return DeviceHistory(
        gpu_uuid=timeline.gpu_uuid,
        name=timeline.device,
        simulated=timeline.simulated,
        total=timeline.samples[-1].total_bytes,
        used=_highest([[_most(some, "used_bytes") for some in one] for one in binned]),
        own=[_sum(column) for column in zip(*own, strict=True)],
        utilisation=[
            max((value for value in column if value is not None), default=None)
            for column in zip(*utilisation, strict=True)
        ],
    )


def _sum(column: Sequence[int | None]) -> int | None:
    known = [value for value in column if value is not None]
    return sum(known) if known else None


def _stages(timelines: Sequence[Timeline]) -> list[StageShare]:
    return [_stage(stage, timelines) for stage in Stage]


def _stage(stage: Stage, timelines: Sequence[Timeline]) -> StageShare:
    busy = sum(timeline.samples[-1].stage_seconds.get(stage, 0.0) for timeline in timelines)
    offered = sum(timeline.stage_threads.get(stage, 1) * _lasted(timeline) for timeline in timelines)
    waiting = [sample.waiting.get(stage, 0) for timeline in timelines for sample in timeline.samples]
    return StageShare(
        stage=stage,
        busy=min(1.0, busy / offered) if offered else 0.0,
        seconds=busy,
        threads=max(timeline.stage_threads.get(stage, 1) for timeline in timelines),
        waiting=sum(waiting) / len(waiting),
    )


def _lasted(timeline: Timeline) -> float:
    return (timeline.samples[-1].at - timeline.samples[0].at).total_seconds()


def _limiting(stages: Sequence[StageShare]) -> Stage | None:
    return limiting_stage({stage.stage: stage.busy for stage in stages}, {})
