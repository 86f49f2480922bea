"""The list of a run's videos, and its cut into shards, in the output: written once, then only read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from ingestion_contract import layout
from ingestion_contract.records import Video
from ingestion_worker.store import Store


@dataclass(frozen=True)
class VideoList:
    """The videos in the source's order, the shards as positions in it, and the sha256 of the list's file."""

    videos: tuple[Video, ...]
    shards: tuple[tuple[int, ...], ...]
    digest: str


def write(store: Store, run_uid: str, videos: Sequence[Video], shards: Sequence[Sequence[int]]) -> None:
    """Write the list, then the shards, which make it exist."""
    lines = [video.model_dump_json(by_alias=True, exclude_none=True) for video in videos]
    store.write(layout.video_list(run_uid), "".join(f"{line}\n" for line in lines).encode())
    store.write(layout.shards(run_uid), json.dumps([list(shard) for shard in shards]).encode())


def read(store: Store, run_uid: str) -> VideoList | None:
    """Return the list, or None where there is none, or one that was cut off while it was written."""
    lines = store.read(layout.video_list(run_uid))
    shards = _shards(store.read(layout.shards(run_uid)))
    if lines is None or shards is None:
        return None
    videos = tuple(Video.model_validate_json(line, by_alias=True, by_name=False) for line in lines.splitlines())
    if sorted(position for shard in shards for position in shard) != list(range(len(videos))):
        return None
    return VideoList(videos, shards, hashlib.sha256(lines).hexdigest())


def _shards(content: bytes | None) -> tuple[tuple[int, ...], ...] | None:
    if content is None:
        return None
    try:
        return tuple(tuple(int(position) for position in shard) for shard in json.loads(content))
    except json.JSONDecodeError:
        return None
