"""What is wrong with media."""

from __future__ import annotations


class MediaError(Exception):
    """What was downloaded cannot be used. The reason is one word in CamelCase."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
