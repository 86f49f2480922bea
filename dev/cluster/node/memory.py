"""Memory limits: kills the process tree whose resident memory exceeds its limit."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

_PERIOD_SECONDS = 0.5


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
        for process in psutil.process_iter(["ppid", "memory_info"]):
            if process.info["memory_info"] is not None:
                resident[process.pid] = process.info["memory_info"].rss
                children[process.info["ppid"]].append(process.pid)
        for guarded in list(self._guarded):
            if _tree_bytes(guarded.pid, resident, children) > guarded.limit_bytes:
                self._guarded.discard(guarded)
                guarded.exceeded()


def _tree_bytes(root: int, resident: dict[int, int], children: dict[int, list[int]]) -> int:
    total, todo = 0, [root]
    while todo:
        pid = todo.pop()
        total += resident.get(pid, 0)
        todo += children.get(pid, ())
    return total
