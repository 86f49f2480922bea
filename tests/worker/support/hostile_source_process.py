"""The process that reads sources, whose extractor does not come to an end for some addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from typing import Any

from yt_dlp.extractor.generic import GenericIE

from ingestion_worker.source import isolated_process

_whole = GenericIE._real_extract


def _extract(self: GenericIE, url: str) -> Any:
    if "regex-hangs" in url:
        re.match(r"(a+)+$", "a" * 64 + "b")
    if "playlist-hangs" in url:
        return self.playlist_result(_endless(url), playlist_id="endless")
    if "dies" in url:
        raise SystemExit(7)
    if "wants-memory" in url:
        raise MemoryError
    return _whole(self, url)


def _endless(url: str) -> Iterator[dict[str, str]]:
    yield {"_type": "url", "url": f"{url}/1", "id": "1"}
    for _ in count():
        pass


if __name__ == "__main__":
    GenericIE._real_extract = _extract
    isolated_process.main()
