"""Cuts long rows of records into groups that fit into memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")

AT_ONCE = 1000
"""So many records are asked for, and in memory, at a time: some 6 MB."""


def batches(items: Iterable[Item], size: int = AT_ONCE) -> Iterator[list[Item]]:
    """Yield the items in groups of at most `size`, in order; each is taken when its group is."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
