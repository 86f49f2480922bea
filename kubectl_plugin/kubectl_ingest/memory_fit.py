"""How many workers fit on a device: by their floor, under the target."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True)
class Card:
    """A GPU, with the memory that its driver reports with ECC on, which is less than what is printed on the box."""

    name: str
    bytes: int


CARDS = (
    Card("T4 (16 GB)", 15_360 * MIB),
    Card("A10, L4 (24 GB)", 23_028 * MIB),
    Card("A100 (40 GB)", 40_960 * MIB),
    Card("A100 (80 GB)", 81_920 * MIB),
    Card("H100 (80 GB)", 81_559 * MIB),
    Card("H200 (141 GB)", 143_771 * MIB),
)
"""Common cards; the sizes are `memory.total` of nvidia-smi."""


def workers_that_fit(device_bytes: int, target_percent: int, floor_bytes: int) -> int:
    """Return how many workers' floors, at least 1 byte each, add up to at most the target's share of a device."""
    return device_bytes * target_percent // (100 * floor_bytes)
