"""How much memory there is for this process: the host's, or a container's where that has less."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_CONTROL_GROUPS = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    (*(f"memory/memory.{name}" for name in ("limit_in_bytes", "usage_in_bytes", "stat")), "total_inactive_file"),
)
"""Of version 2 and 1: files of limit, use and statistics, and the line of these that tells what would be given up."""


def free_memory(root: Path = Path("/")) -> int:
    """Return the free memory in bytes, caches counted as free.

    Args:
        root: above `proc` and `sys`.
    """
    return min([_of_host(root / "proc/meminfo"), *_of_container(root / "sys/fs/cgroup")])


def _of_host(meminfo: Path) -> int:
    for line in meminfo.read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _of_container(control_group: Path) -> Iterator[int]:
    """Yield what the limit leaves free, if there is one: of the group that a container sees as the topmost."""
    for *files, given_up in _CONTROL_GROUPS:
        try:
            limit, used, statistics = ((control_group / name).read_text() for name in files)
            yield int(limit) - int(used) + _number(statistics, given_up)
        except (OSError, ValueError):
            continue


def _number(statistics: str, name: str) -> int:
    return next((int(number) for key, number in map(str.split, statistics.splitlines()) if key == name), 0)
