"""By what chunks are found."""

from __future__ import annotations

from enum import StrEnum


class SearchMode(StrEnum):
    """By their words, by their meaning, or by both."""

    HYBRID = "hybrid"
    TEXT = "text"
    VECTOR = "vector"
