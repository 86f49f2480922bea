"""Memory limits: kills the process tree whose resident memory exceeds its limit."""

import asyncio
import os
import resource
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PERIOD_SECONDS = 0.5
_PAGE_BYTES = resource.getpagesize()


@dataclass(frozen=True)
class _Guarded:
    pid: int
    limit_bytes: int
    exceeded: Callable[[], None]


class MemoryGuard:
    """Looks at all guarded process trees twice a second, in one pass over the system's processes."""

    def __init__(self) -> None:
        self._guarded: set[_Guarded] = set()

    @contextmanager
    def guard(self, pid: int, limit_bytes: int, exceeded: Callable[[], None]) -> Iterator[None]:
        """Call `exceeded` once when the tree under `pid` holds more than the limit, while the context is open."""
        guarded = _Guarded(pid, limit_bytes, exceeded)
        self._guarded.add(guarded)
        try:
            yield
        finally:
            self._guarded.discard(guarded)

    async def run(self) -> None:
        """Keep watch for ever."""
        while True:
            await asyncio.sleep(_PERIOD_SECONDS)
            if self._guarded:
                self._check()

    def _check(self) -> None:
        resident: dict[int, int] = {}
        children: defaultdict[int, list[int]] = defaultdict(list)
        for pid, parent, resident_bytes in _processes():
            resident[pid] = resident_bytes
            children[parent].append(pid)
        for guarded in list(self._guarded):
            if _tree_bytes(guarded.pid, resident, children) > guarded.limit_bytes:
                self._guarded.discard(guarded)
                guarded.exceeded()


def _processes() -> Iterator[tuple[int, int, int]]:
    """Yield id, parent's id and resident bytes of every process of the machine.

    Read from /proc/<pid>/stat (proc(5): fields 4 and 24), for a fifth of the time that psutil takes.
    """
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                fields = Path(entry.path, "stat").read_bytes().rpartition(b")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended meanwhile
            yield int(entry.name), int(fields[1]), int(fields[21]) * _PAGE_BYTES


def _tree_bytes(root: int, resident: dict[int, int], children: dict[int, list[int]]) -> int:
    total, todo = 0, [root]
    while todo:
        pid = todo.pop()
        total += resident.get(pid, 0)
        todo += children.get(pid, ())
    return total
