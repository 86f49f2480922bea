"""The ledger of a simulated GPU: a folder shared by the processes that use it.

`ledger.json` holds everything and is only changed under an exclusive lock on `lock`, by a rename. Each process also
holds a lock on a file of its own in `processes/`. The kernel drops that lock when the process ends, however it ends,
and whoever opens the ledger next frees what the dead one held. Process ids are not used, since they mean nothing
across containers.
"""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self
from uuid import uuid4

from ingestion_worker.device.simulated import physics


class SimulatedOutOfMemory(Exception):
    """An allocation did not fit."""

    def __init__(self, wanted: int, free: int, total: int) -> None:
        super().__init__(f"{wanted} bytes wanted, {free} of {total} free")
        self.wanted = wanted
        self.free = free
        self.total = total


@dataclass
class Holding:
    """What one process holds, in bytes.

    A neighbour is no process of ours: it stays until it is removed, or until a time of the Unix epoch.
    """

    label: str
    neighbour: bool = False
    until: float | None = None
    context: int = 0
    models: dict[str, int] = field(default_factory=dict)
    spikes: dict[str, int] = field(default_factory=dict)
    activations: dict[str, int] = field(default_factory=dict)
    leaks: dict[str, int] = field(default_factory=dict)
    residue: dict[str, int] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """All of it."""
        parts = (self.models, self.spikes, self.activations, self.leaks, self.residue)
        return self.context + sum(sum(part.values()) for part in parts)


@dataclass(frozen=True)
class Conditions:
    """What makes a device harder to live on.

    Attributes:
        fragmentation: share of it that no allocation can use.
        leak_bytes: what each batch leaves behind until its model is unloaded.
        hides_own: whether the driver does not tell a process what it holds, as in containers.
    """

    fragmentation: float = physics.FRAGMENTATION
    leak_bytes: int = 0
    hides_own: bool = False


@dataclass
class State:
    """The content of the ledger. Times are seconds of the Unix epoch."""

    uuid: str
    name: str
    total: int
    conditions: Conditions = field(default_factory=Conditions)
    peak: int = 0
    oom_events: int = 0
    busy_until: float = 0.0
    busy_seconds: float = 0.0
    slots: list[tuple[float, float]] = field(default_factory=list)
    holdings: dict[str, Holding] = field(default_factory=dict)

    @property
    def used(self) -> int:
        """Bytes that are held."""
        return sum(holding.bytes for holding in self.holdings.values())

    @property
    def usable(self) -> int:
        """Bytes that allocations can use."""
        return int(self.total * (1 - self.conditions.fragmentation))

    def busy_share(self, now: float) -> float:
        """Return the share of the last `physics.UTILISATION_SECONDS` in which the device was busy, 0 to 1."""
        since = now - physics.UTILISATION_SECONDS
        busy = sum(max(0.0, min(end, now) - max(start, since)) for start, end in self.slots)
        return busy / physics.UTILISATION_SECONDS

    def require(self, wanted: int) -> None:
        """Check that so many bytes more fit.

        Raises:
            SimulatedOutOfMemory: they do not.
        """
        free = self.usable - self.used
        if wanted > free:
            self.oom_events += 1
            raise SimulatedOutOfMemory(wanted, free, self.total)

    def reserve(self, seconds: float, now: float) -> float:
        """Reserve the device for so long, after what is already reserved, and return the end of that time."""
        start = max(now, self.busy_until)
        self.busy_until = start + seconds
        self.busy_seconds += seconds
        oldest = now - physics.UTILISATION_SECONDS
        self.slots = [slot for slot in self.slots if slot[1] > oldest] + [(start, self.busy_until)]
        return self.busy_until

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        holdings = {key: vars(holding) for key, holding in self.holdings.items()}
        return {**vars(self), "conditions": vars(self.conditions), "holdings": holdings}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        holdings = {key: Holding(**holding) for key, holding in data["holdings"].items()}
        slots = [(start, end) for start, end in data["slots"]]
        conditions = Conditions(**data["conditions"])
        return cls(**{**data, "conditions": conditions, "holdings": holdings, "slots": slots})


class Ledger:
    """The ledger in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "ledger.json"
        if not self._file.exists():
            raise FileNotFoundError(f"{self._file} does not exist")

    @contextmanager
    def open(self) -> Iterator[State]:
        """Lock the ledger, free what those held that have gone, and write back what the block changed.

        The peak is kept, and a block that raises writes its changes, too: an out-of-memory error is counted.
        """
        with (self._folder / "lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            state = State.from_json(json.loads(self._file.read_text()))
            self._free_the_gone(state)
            try:
                yield state
            finally:
                state.peak = max(state.peak, state.used)
                _replace(self._file, state)

    def join(self, label: str) -> tuple[str, IO[str]]:
        """Register this process.

        Returns:
            its key, and its lock file, which is to stay open as long as the process lives.
        """
        key = uuid4().hex
        with self.open() as state:
            lock = self._lock_file(key).open("w")
            fcntl.flock(lock, fcntl.LOCK_EX)
            state.holdings[key] = Holding(label)
        return key, lock

    def _lock_file(self, key: str) -> Path:
        return self._folder / "processes" / key

    def _free_the_gone(self, state: State) -> None:
        now = time.time()
        for key, holding in list(state.holdings.items()):
            if holding.neighbour:
                if holding.until is not None and holding.until <= now:
                    del state.holdings[key]
            elif self._is_dead(key):
                del state.holdings[key]
                self._lock_file(key).unlink(missing_ok=True)

    def _is_dead(self, key: str) -> bool:
        try:
            with self._lock_file(key).open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return True
        except BlockingIOError:
            return False
        return True


def _replace(file: Path, state: State) -> None:
    temporary = file.with_suffix(".new")
    temporary.write_text(json.dumps(state.to_json()))
    temporary.replace(file)


def create(folder: Path, total: int, name: str = "Simulated GPU", conditions: Conditions | None = None) -> str:
    """Make a simulated GPU of so many bytes in a folder, which is made if need be, and return its uuid.

    Raises:
        FileExistsError: there is one already.
    """
    (folder / "processes").mkdir(parents=True, exist_ok=True)
    (folder / "lock").touch()
    file = folder / "ledger.json"
    if file.exists():
        raise FileExistsError(f"{folder} holds a simulated GPU already")
    state = State(uuid=f"GPU-{uuid4()}", name=name, total=total, conditions=conditions or Conditions())
    _replace(file, state)
    return state.uuid


@dataclass(frozen=True)
class ProcessUsage:
    """A process on the device, in bytes; `parts` by what they are held for."""

    label: str
    neighbour: bool
    bytes: int
    parts: dict[str, int]


@dataclass(frozen=True)
class Usage:
    """A simulated GPU at a moment. Memory in bytes, `busy_share` from 0 to 1."""

    uuid: str
    name: str
    total: int
    used: int
    peak: int
    oom_events: int
    busy_share: float
    busy_seconds: float
    processes: list[ProcessUsage]


def usage(folder: Path) -> Usage:
    """Return what a simulated GPU holds now; dead processes are freed first."""
    with Ledger(folder).open() as state:
        return Usage(
            uuid=state.uuid,
            name=state.name,
            total=state.total,
            used=state.used,
            peak=state.peak,
            oom_events=state.oom_events,
            busy_share=state.busy_share(time.time()),
            busy_seconds=state.busy_seconds,
            processes=[_process_usage(holding) for holding in state.holdings.values()],
        )


def _process_usage(holding: Holding) -> ProcessUsage:
    parts = {"context": holding.context}
    for kind in ("models", "spikes", "activations", "leaks", "residue"):
        parts[kind] = sum(getattr(holding, kind).values())
    return ProcessUsage(holding.label, holding.neighbour, holding.bytes, parts)


def add_neighbour(folder: Path, name: str, size: int, seconds: float | None = None) -> None:
    """Let some other program, which is not ours, take so many bytes of the device; for so long, or until it is removed.

    Raises:
        SimulatedOutOfMemory: they are not free.
    """
    with Ledger(folder).open() as state:
        state.require(size)
        until = None if seconds is None else time.time() + seconds
        state.holdings[name] = Holding(name, neighbour=True, until=until, context=size)


def remove_neighbour(folder: Path, name: str) -> None:
    """Take a neighbour away.

    Raises:
        KeyError: there is none of that name.
    """
    with Ledger(folder).open() as state:
        del state.holdings[name]
