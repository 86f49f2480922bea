"""The law of a local run: which shards are worked on, and by how many workers. Pure.

Workers only ever become fewer in a run, since a machine of one's own seldom gains memory; the operator does better.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.limits import Limits
from ingestion_contract.metrics import WorkerState

MOST_ATTEMPTS = 3
"""In a row: at a shard whose workers end by themselves without a video done; at a beginning that none gets through."""

WAITED_SECONDS = 10.0
"""For memory, while others work: then one worker is too many."""

ALL_WAITED_SECONDS = 60.0
"""For memory, all of them: then one worker is too many, unless it is the only one."""

SETTLING_SECONDS = 15.0
"""After a worker was released, others hear of their larger budget first."""

READY = frozenset({WorkerState.WORKING, WorkerState.WAITING_FOR_SOURCE})
_ENDS = frozenset({ExitCode.CONFIGURATION, ExitCode.UNUSABLE_NODE, ExitCode.SOURCE_BLOCKED})


class Then(Enum):
    """What follows from a worker's end."""

    DONE = auto()
    AGAIN = auto()
    GIVE_UP = auto()
    ONE_LESS = auto()
    END = auto()


@dataclass(frozen=True)
class Seen:
    """A worker, as its metrics tell.

    Attributes:
        state: None as long as it has not been heard.
        seconds: since it came into that state.
        floor: bytes that it needs at the least; 0 until it is measured.
    """

    shard: int
    state: WorkerState | None
    seconds: float
    floor: int = 0


@dataclass(frozen=True)
class Fleet:
    """Where a run stands.

    Attributes:
        allowed: workers that may run at a time, at least 1.
        queue: shards that nobody works on.
        attempts: ends in a row of workers that were not done, by shard, since a video of it was.
        given_up: shards that are not tried again.
        false_starts: ends in a row of workers that had not come to work.
        floor: the largest that was measured, 0 until one was.
        settling_until: no worker is released before.
    """

    allowed: int
    queue: tuple[int, ...]
    attempts: Mapping[int, int] = field(default_factory=dict)
    given_up: tuple[int, ...] = ()
    false_starts: int = 0
    floor: int = 0
    settling_until: float = 0.0


def after_end(
    fleet: Fleet, shard: int, code: int, *, others: int, released: bool, worked: bool, progressed: bool
) -> tuple[Fleet, Then]:
    """Return what follows from a worker's end.

    Args:
        code: its exit code; by a signal, 128 and the signal's number.
        others: how many other workers run.
        released: whether it was asked to stop, to make room.
        worked: whether it had come so far as to work.
        progressed: whether a video of the shard has an outcome that had none when it began.
    """
    if code == ExitCode.DONE:
        return fleet, Then.DONE
    if released:
        return replace(fleet, queue=(*fleet.queue, shard)), Then.AGAIN
    if code in _ENDS:
        return fleet, Then.END
    if code == ExitCode.MEMORY_EXHAUSTED:
        if fleet.allowed == 1 and others == 0:
            return fleet, Then.END
        return replace(fleet, queue=(*fleet.queue, shard), allowed=max(1, fleet.allowed - 1)), Then.ONE_LESS
    fleet = replace(fleet, false_starts=0 if worked or others else fleet.false_starts + 1)
    if fleet.false_starts == MOST_ATTEMPTS:
        return fleet, Then.END
    attempts = {**fleet.attempts, shard: 1 if progressed else fleet.attempts.get(shard, 0) + 1}
    if attempts[shard] < MOST_ATTEMPTS:
        return replace(fleet, queue=(*fleet.queue, shard), attempts=attempts), Then.AGAIN
    return replace(fleet, attempts=attempts, given_up=(*fleet.given_up, shard)), Then.GIVE_UP


def measured(fleet: Fleet, seen: Collection[Seen], room: int | None) -> Fleet:
    """Return the fleet with what the workers' floors say: no more workers than fit into the room.

    Args:
        room: bytes for all workers together; None without device memory to govern.
    """
    floor = max([fleet.floor, *(worker.floor for worker in seen)])
    if room is None or floor == 0:
        return fleet
    return replace(fleet, floor=floor, allowed=max(1, min(fleet.allowed, room // floor)))


def to_start(fleet: Fleet, seen: Collection[Seen]) -> tuple[int, ...]:
    """Return the shards to begin now. The first worker measures what it needs, before others begin."""
    if not seen:
        return fleet.queue[:1]
    if not any(worker.state in READY for worker in seen):
        return ()
    return fleet.queue[: max(0, fleet.allowed - len(seen))]


def without(fleet: Fleet, shard: int) -> Fleet:
    """Return the fleet after a worker has begun with a shard."""
    return replace(fleet, queue=tuple(waiting for waiting in fleet.queue if waiting != shard))


def to_release(fleet: Fleet, seen: Collection[Seen], now: float) -> Seen | None:
    """Return the worker that is one too many: it waits for memory, or there are more than fit.

    Args:
        now: seconds of a steady clock, as `Fleet.settling_until`.
    """
    if len(seen) < 2 or now < fleet.settling_until:
        return None
    waiting = [worker for worker in seen if worker.state is WorkerState.WAITING_FOR_MEMORY]
    if len(seen) > fleet.allowed:
        unready = [worker for worker in seen if worker.state not in READY]
        return max(waiting or unready or seen, key=lambda worker: (worker.state is None, worker.shard))
    patience = ALL_WAITED_SECONDS if len(waiting) == len(seen) else WAITED_SECONDS
    tired = [worker for worker in waiting if worker.seconds >= patience]
    return max(tired, key=lambda worker: (worker.seconds, worker.shard), default=None)


def after_release(fleet: Fleet, running: int, now: float) -> Fleet:
    """Return the fleet after one of the running workers was asked to stop."""
    allowed = max(1, min(fleet.allowed, running - 1))
    return replace(fleet, allowed=allowed, settling_until=now + SETTLING_SECONDS)


def limits(fleet: Fleet, present: Limits, running: int, room: int | None, videos_per_hour: int | None) -> Limits:
    """Return the limits of each worker: the present ones, or others with the next revision.

    Shares are equal, and grow when a worker has gone, not before. The last worker gets what it needs at
    the least, whatever the target says: nobody would gain by its waiting.

    Args:
        running: workers, those on their way out counted.
        room: bytes for all workers together.
        videos_per_hour: of the whole run.
    """
    workers = max(1, running, min(fleet.allowed, running + len(fleet.queue)))
    wanted = present.model_copy(
        update={
            "budget_bytes": None if room is None else _share(fleet, room, workers),
            "floor_bytes": fleet.floor or None,
            "videos_per_hour": None if videos_per_hour is None else max(1, videos_per_hour // workers),
        }
    )
    return present if wanted == present else wanted.model_copy(update={"revision": present.revision + 1})


def _share(fleet: Fleet, room: int, workers: int) -> int:
    least = fleet.floor if fleet.allowed == workers == 1 else 1
    return max(1, least, room // workers)
