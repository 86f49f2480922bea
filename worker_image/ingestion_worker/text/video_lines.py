"""Videos as lines of JSON, of which any number may be held."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import overload

from ingestion_contract.records import Video


def line(video: Video) -> bytes:
    """Return a video as a line of JSON, with a line feed at its end and none within."""
    return video.model_dump_json(by_alias=True, exclude_none=True).encode() + b"\n"


class VideoLines(Sequence[Video]):
    """Videos that are parsed each time they are asked for: as objects, they take ten times the memory of their lines.

    Args:
        content: the lines, as `line` makes them.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._starts = array("Q", [0, *_after_each(b"\n", content)])

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, at: int) -> Video: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[Video, ...]: ...

    def __getitem__(self, at: int | slice) -> Video | tuple[Video, ...]:
        places = range(len(self))[at]
        return self._video(places) if isinstance(places, int) else tuple(map(self._video, places))

    def _video(self, at: int) -> Video:
        line = self._content[self._starts[at] : self._starts[at + 1]]
        return Video.model_validate_json(line, by_alias=True, by_name=False)


def _after_each(mark: bytes, content: bytes) -> Iterator[int]:
    at = content.find(mark)
    while at >= 0:
        yield at + 1
        at = content.find(mark, at + 1)
