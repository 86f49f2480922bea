"""Which scenarios are played. Pure."""

from __future__ import annotations


def parse_seeds(text: str) -> list[int]:
    """Return the seeds of a text such as `0-99` or `3,5,8`.

    Raises:
        ValueError: it is no such text.
    """
    seeds: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        seeds += range(int(first), int(last or first) + 1)
    return seeds
