"""The list of a run's videos, and its cut into shards, in the output: written once, then only read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingestion_contract import layout
from ingestion_contract.records import ShardCut, Video
from ingestion_worker.conclusion import OutputUnavailable
from ingestion_worker.output.store import Store
from ingestion_worker.text.video_lines import VideoLines, line


@dataclass(frozen=True)
class VideoList:
    """The videos in the source's order, the shards as positions in it, and the sha256 of the list's file."""

    videos: Sequence[Video] = field(compare=False)
    shards: tuple[tuple[int, ...], ...]
    digest: str


def write_once(store: Store, run_uid: str, videos: Sequence[Video], shards: Sequence[Sequence[int]]) -> VideoList:
    """Write the list, then the shards, which make it exist, and return the list that is there.

    That is another one if another process has been faster: what has been read may not change.

    Raises:
        OutputUnavailable: the storage refuses, or does not give back what was written.
    """
    earlier = read(store, run_uid)
    if earlier is not None:
        return earlier
    stored = store.write(layout.video_list(run_uid), b"".join(map(line, videos)))
    cut = ShardCut(list_sha256=stored.sha256, shards=[list(shard) for shard in shards])
    store.write_record(layout.shards(run_uid), cut)
    written = read(store, run_uid)
    if written is None:
        raise OutputUnavailable(f"the list of videos written to {store.uri} does not read back as it was written")
    return written


def read(store: Store, run_uid: str) -> VideoList | None:
    """Return the list, or None where there is none, or one that was cut off while it was written.

    Raises:
        OutputUnavailable: the storage refuses.
    """
    lines = store.read(layout.video_list(run_uid))
    cut = store.read_record(layout.shards(run_uid), ShardCut)
    if lines is None or cut is None:
        return None
    digest = hashlib.sha256(lines).hexdigest()
    if digest != cut.list_sha256:
        return None
    videos = VideoLines(lines)
    if sorted(position for shard in cut.shards for position in shard) != list(range(len(videos))):
        return None
    return VideoList(videos, tuple(tuple(shard) for shard in cut.shards), digest)
